/* Time that passes and sleeps that end; nothing is printed that depends on how long anything took. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void check(const char *what, int ok) { printf("%s %s\n", what, ok ? "ok" : "WRONG"); }
static volatile sig_atomic_t expired;
static void on_timer(int signal) { (void)signal; expired++; }

int main(void) {
  struct timespec a, b, sleep_for = {0, 3000000};
  clock_gettime(CLOCK_MONOTONIC, &a);
  check("nanosleep", nanosleep(&sleep_for, NULL) == 0);
  clock_gettime(CLOCK_MONOTONIC, &b);
  long long passed = (b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec;
  check("at least as long", passed >= 3000000);
  b.tv_nsec += 1000000;
  if (b.tv_nsec >= 1000000000) { b.tv_nsec -= 1000000000; b.tv_sec++; }
  check("absolute", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &b, NULL) == 0);
  struct timespec bad = {0, 1000000000};
  check("bad time", nanosleep(&bad, NULL) == -1 && errno == EINVAL);
  struct timeval tv;
  check("gettimeofday", gettimeofday(&tv, NULL) == 0);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  for (volatile int i = 0; i < 1000000; i++);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  check("processor time", b.tv_sec > a.tv_sec || b.tv_nsec > a.tv_nsec);
  time_t moment = 1000000000;
  char text[64];
  setenv("TZ", "UTC", 1);
  strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", gmtime(&moment));
  printf("%s\n", text);
  struct tms t;
  check("times", times(&t) != (clock_t)-1);
  struct rusage usage;
  check("getrusage", getrusage(RUSAGE_SELF, &usage) == 0);
  struct rlimit limit;
  check("getrlimit", getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur > 0);
  limit.rlim_cur = limit.rlim_max + 1;
  check("setrlimit bad", limit.rlim_max == RLIM_INFINITY || (setrlimit(RLIMIT_STACK, &limit) == -1 && errno == EINVAL));
  unsigned char random[32] = {0};
  check("getrandom", getrandom(random, sizeof random, 0) == sizeof random);
  struct utsname name;
  check("uname", uname(&name) == 0 && strcmp(name.machine, "riscv64") == 0 && strcmp(name.sysname, "Linux") == 0);
  char comm[17] = {0};
  check("prctl", prctl(PR_SET_NAME, "a name of its own") == 0 && prctl(PR_GET_NAME, comm) == 0);
  printf("%s\n", comm);
  cpu_set_t set;
  check("affinity", sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) >= 1);
  struct sysinfo info;
  check("sysinfo", sysinfo(&info) == 0 && info.totalram > 0);
  check("sysconf", sysconf(_SC_PAGESIZE) == 4096 && sysconf(_SC_CLK_TCK) == 100 && sysconf(_SC_NPROCESSORS_ONLN) >= 1);
  signal(SIGUSR1, on_timer);
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  check("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  struct itimerspec when = {{0, 1000000}, {0, 1000000}};
  timer_settime(timer, 0, &when, NULL);
  while (expired < 2) pause();
  check("timer_delete", timer_delete(timer) == 0 && timer_delete(timer) == -1);
  printf("%d %d %d\n", getuid() == geteuid(), getgid() == getegid(), getppid() != getpid());
  return 0;
}
