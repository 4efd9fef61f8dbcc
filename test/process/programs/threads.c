/* POSIX threads: mutexes, condition variables, joins, thread-local storage, barriers, once, cancellation, timed waits. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 4000 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static _Thread_local int local = 5;
static long counter;
static atomic_long atomics, destroyed;
static int turn, ones;
static sem_t semaphore;

static void first(void) { ones++; }
static void destroy(void *p) { destroyed += (long)p; }
static void check(const char *what, int ok) { printf("%s %s\n", what, ok ? "ok" : "WRONG"); }

static void *adder(void *arg) {
  pthread_once(&once, first);
  pthread_setspecific(key, arg);
  for (int i = 0; i < ROUNDS; i++) {
    pthread_mutex_lock(&lock);
    counter++;
    pthread_mutex_unlock(&lock);
    atomics++;
    if (i % 1000 == 0) sched_yield();
  }
  local += (int)(long)arg;
  pthread_barrier_wait(&barrier);
  return (void *)(long)local;
}

static void *player(void *arg) {
  int me = (int)(long)arg;
  for (int i = 0; i < 100; i++) {
    pthread_mutex_lock(&lock);
    while (turn % 2 != me) pthread_cond_wait(&changed, &lock);
    turn++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

static void *sleeper(void *arg) {
  for (;;) pause();
  return arg;
}

static void *poster(void *arg) {
  (void)arg;
  struct timespec t = {0, 1000000};
  nanosleep(&t, NULL);
  sem_post(&semaphore);
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  pthread_barrier_init(&barrier, NULL, THREADS);
  pthread_key_create(&key, destroy);
  for (long i = 0; i < THREADS; i++) if (pthread_create(&threads[i], NULL, adder, (void *)(i + 1)) != 0) { perror("pthread_create"); return 1; }
  long sum = 0;
  for (int i = 0; i < THREADS; i++) {
    void *result;
    pthread_join(threads[i], &result);
    sum += (long)result;
  }
  check("mutex", counter == (long)THREADS * ROUNDS);
  check("atomics", atomics == (long)THREADS * ROUNDS);
  check("thread local", sum == 5 * THREADS + THREADS * (THREADS + 1) / 2 && local == 5);
  check("once", ones == 1);
  check("destructors", destroyed == THREADS * (THREADS + 1) / 2);

  pthread_create(&threads[0], NULL, player, (void *)0);
  pthread_create(&threads[1], NULL, player, (void *)1);
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
  check("condition variable", turn == 200);

  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 2000000;
  if (until.tv_nsec >= 1000000000) { until.tv_nsec -= 1000000000; until.tv_sec++; }
  pthread_mutex_lock(&lock);
  check("timed wait", pthread_cond_timedwait(&changed, &lock, &until) == ETIMEDOUT);
  pthread_mutex_unlock(&lock);

  sem_init(&semaphore, 0, 0);
  pthread_create(&threads[0], NULL, poster, NULL);
  check("semaphore", sem_wait(&semaphore) == 0);
  pthread_join(threads[0], NULL);

  pthread_create(&threads[0], NULL, sleeper, NULL);
  pthread_cancel(threads[0]);
  void *result;
  pthread_join(threads[0], &result);
  check("cancel", result == PTHREAD_CANCELED);

  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_t strict;
  pthread_mutex_init(&strict, &attributes);
  pthread_mutex_lock(&strict);
  check("errorcheck", pthread_mutex_lock(&strict) == EDEADLK);
  fflush(stdout);
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, sleeper, NULL);
  return 4;
}
