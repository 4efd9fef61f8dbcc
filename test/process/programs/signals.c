/* Handlers, masks, alternate stacks, queued signals, faults that are survived. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t hits, last, code;
static volatile long value;
static void *volatile where;
static sigjmp_buf back;

static void count(int signal) { hits++; last = signal; }
static void info(int signal, siginfo_t *si, void *context) {
  (void)context;
  hits++;
  last = signal;
  code = si->si_code;
  value = (long)si->si_value.sival_ptr;
  where = si->si_addr;
}
static void jump(int signal, siginfo_t *si, void *context) {
  info(signal, si, context);
  siglongjmp(back, 1);
}
static char stack[65536];
static volatile int on_stack;
static void alternate(int signal) {
  char here;
  hits++;
  last = signal;
  on_stack = &here >= stack && &here < stack + sizeof stack;
}
static void set(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, NULL);
}
static void check(const char *what, int ok) { printf("%s %s\n", what, ok ? "ok" : "WRONG"); }

/* Ends by itself only in theory. */
static int overflow(int depth) {
  if (depth < 0) return 0;
  volatile char room[4096];
  room[0] = (char)depth;
  return overflow(depth + 1) + room[0];
}

int main(void) {
  int *volatile nothing = (int *)8;
  signal(SIGUSR1, count);
  raise(SIGUSR1);
  check("raise", hits == 1 && last == SIGUSR1);

  sigset_t block, old, pending;
  sigemptyset(&block);
  sigaddset(&block, SIGUSR1);
  sigprocmask(SIG_BLOCK, &block, &old);
  raise(SIGUSR1);
  raise(SIGUSR1);
  sigpending(&pending);
  check("blocked", hits == 1 && sigismember(&pending, SIGUSR1));
  sigsuspend(&old);
  check("sigsuspend", hits == 2);

  raise(SIGUSR1);
  siginfo_t si;
  check("sigwaitinfo", sigwaitinfo(&block, &si) == SIGUSR1 && si.si_signo == SIGUSR1 && hits == 2);
  struct timespec short_time = {0, 1000000};
  check("sigtimedwait", sigtimedwait(&block, &si, &short_time) == -1 && errno == EAGAIN);
  sigprocmask(SIG_SETMASK, &old, NULL);

  set(SIGRTMIN, info, 0);
  sigprocmask(SIG_BLOCK, &block, NULL);
  union sigval v = {.sival_ptr = (void *)1234};
  sigqueue(getpid(), SIGRTMIN, v);
  check("sigqueue", last == SIGRTMIN && code == SI_QUEUE && value == 1234);

  stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack}, was;
  sigaltstack(&alt, NULL);
  struct sigaction action = {.sa_handler = alternate, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR2, &action, NULL);
  raise(SIGUSR2);
  sigaltstack(NULL, &was);
  check("sigaltstack", on_stack && was.ss_size == sizeof stack);

  set(SIGSEGV, jump, SA_ONSTACK | SA_NODEFER);
  if (sigsetjmp(back, 1) == 0) *nothing = 1;
  check("null pointer", last == SIGSEGV && code == SEGV_MAPERR && where == (void *)8);
  char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (sigsetjmp(back, 1) == 0) page[100] = 1;
  check("read only", last == SIGSEGV && code == SEGV_ACCERR && where == page + 100);
  if (sigsetjmp(back, 1) == 0) overflow(0);
  check("stack overflow", last == SIGSEGV);
  set(SIGILL, jump, 0);
  if (sigsetjmp(back, 1) == 0) __asm__ volatile(".4byte 0xffffffff");
  check("illegal instruction", last == SIGILL && code == ILL_ILLOPC);
  set(SIGTRAP, jump, 0);
  if (sigsetjmp(back, 1) == 0) __asm__ volatile("ebreak");
  check("ebreak", last == SIGTRAP && code == TRAP_BRKPT);

  signal(SIGALRM, count);
  hits = 0;
  struct itimerval timer = {{0, 2000}, {0, 1000}}, left;
  setitimer(ITIMER_REAL, &timer, NULL);
  while (hits < 3) pause();
  struct itimerval never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &never, &left);
  check("setitimer", hits >= 3 && left.it_interval.tv_usec == 2000);
  hits = 0;
  alarm(1);
  struct timespec long_time = {5, 0}, rest = {0, 0};
  int slept = nanosleep(&long_time, &rest);
  check("alarm", slept == -1 && errno == EINTR && hits == 1 && rest.tv_sec >= 3);

  signal(SIGUSR1, SIG_IGN);
  raise(SIGUSR1);
  check("ignored", 1);
  struct sigaction once = {.sa_handler = count, .sa_flags = (int)SA_RESETHAND}, after;
  sigaction(SIGUSR2, &once, NULL);
  raise(SIGUSR2);
  sigaction(SIGUSR2, NULL, &after);
  check("SA_RESETHAND", after.sa_handler == SIG_DFL);
  fflush(stdout);
  abort();
}
