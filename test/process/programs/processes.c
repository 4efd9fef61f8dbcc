/* fork, wait, pipes, exec of itself, process groups. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void report(const char *what, int status) {
  if (WIFEXITED(status)) printf("%s exited %d\n", what, WEXITSTATUS(status));
  else if (WIFSIGNALED(status)) printf("%s signal %d\n", what, WTERMSIG(status));
  else if (WIFSTOPPED(status)) printf("%s stopped %d\n", what, WSTOPSIG(status));
  else if (WIFCONTINUED(status)) printf("%s continued\n", what);
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc > 1) {
    printf("again: %s\n", argv[1]);
    return atoi(argv[1]);
  }
  int status;
  for (int i = 0; i < 3; i++) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(10 + i);
    if (waitpid(child, &status, 0) != child) perror("waitpid");
    report("child", status);
  }
  int down[2], up[2];
  if (pipe(down) || pipe(up)) perror("pipe");
  fflush(stdout);
  if (fork() == 0) {
    close(down[1]);
    close(up[0]);
    char buffer[256];
    long total = 0;
    for (ssize_t n; (n = read(down[0], buffer, sizeof buffer)) > 0;) total += n;
    dprintf(up[1], "child read %ld bytes", total);
    _exit(0);
  }
  close(down[0]);
  close(up[1]);
  static char block[100000];
  memset(block, 'x', sizeof block);
  for (size_t done = 0; done < sizeof block;) {
    ssize_t n = write(down[1], block + done, sizeof block - done);
    if (n <= 0) break;
    done += (size_t)n;
  }
  close(down[1]);
  char answer[64] = {0};
  ssize_t got = read(up[0], answer, sizeof answer - 1);
  printf("%zd %s\n", got, answer);
  wait(&status);
  report("reader", status);

  fflush(stdout);
  pid_t child = fork();
  if (child == 0) for (;;) pause();
  kill(child, SIGSTOP);
  waitpid(child, &status, WUNTRACED);
  report("job", status);
  kill(child, SIGCONT);
  waitpid(child, &status, WCONTINUED);
  report("job", status);
  kill(child, SIGTERM);
  siginfo_t info;
  memset(&info, 0, sizeof info);
  printf("waitid %d", waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
  printf(" code %d status %d\n", info.si_code == CLD_KILLED, info.si_status);
  waitpid(child, &status, 0);
  report("job", status);
  printf("none left: %d %d\n", wait(&status), errno == ECHILD);

  fflush(stdout);
  child = fork();
  if (child == 0) {
    printf("group %d\n", setpgid(0, 0) == 0 && getpgid(0) == getpid() && getsid(0) != getpid());
    fflush(stdout);
    _exit(setsid() == -1 && errno == EPERM ? 0 : 1);
  }
  waitpid(child, &status, 0);
  report("group", status);

  child = vfork();
  if (child == 0) _exit(33);
  waitpid(child, &status, 0);
  report("vfork", status);

  fflush(stdout);
  char *arguments[] = {argv[0], "21", NULL};
  extern char **environ;
  if (getenv("PROGRAM")) {
    if (posix_spawn(&child, getenv("PROGRAM"), NULL, NULL, arguments, environ) != 0) perror("posix_spawn");
    waitpid(child, &status, 0);
    report("spawn", status);
    fflush(stdout);
    arguments[1] = "22";
    execv(getenv("PROGRAM"), arguments);
    perror("execv");
  }
  return 0;
}
