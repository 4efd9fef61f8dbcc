/* Files in memory: private and shared mappings, what a process sees of another's, and of the file. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(const char *what, int ok) { printf("%s %s\n", what, ok ? "ok" : "WRONG"); }

int main(void) {
  int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644);
  for (int i = 0; i < 1000; i++) dprintf(fd, "line %3d\n", i);
  char *private = mmap(NULL, 9000, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  char *shared = mmap(NULL, 9000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  check("mmap", private != MAP_FAILED && shared != MAP_FAILED);
  check("bytes", memcmp(private, "line   0\nline   1\n", 18) == 0 && memcmp(shared + 8991, "line 999\n", 9) == 0);
  check("behind the end", private[9000] == 0 && shared[9001] == 0);
  private[0] = 'P';
  char head[4];
  check("private", pread(fd, head, 4, 0) == 4 && head[0] == 'l' && shared[0] == 'l');
  shared[0] = 'S';
  check("shared", msync(shared, 9000, MS_SYNC) == 0 && pread(fd, head, 4, 0) == 4 && head[0] == 'S' && private[0] == 'P');
  check("write", pwrite(fd, "W", 1, 4500) == 1 && shared[4500] == 'W');
  char *second = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 4096);
  check("offset", second != MAP_FAILED && second[404] == 'W');
  check("unaligned", mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 100) == MAP_FAILED && errno == EINVAL);
  int ro = open("data", O_RDONLY);
  check("read only", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0) == MAP_FAILED && errno == EACCES);
  check("closed", close(fd) == 0 && close(ro) == 0 && second[404] == 'W');
  fflush(stdout);
  if (fork() == 0) {
    shared[10] = 'C';
    private[1] = 'C';
    _exit(0);
  }
  wait(NULL);
  check("of a child", shared[10] == 'C' && private[1] == 'i');
  int *anonymous = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (fork() == 0) {
    anonymous[5] = 42;
    _exit(0);
  }
  wait(NULL);
  check("shared memory", anonymous[5] == 42);
  char *moved = mremap(private, 12288, 20480, MREMAP_MAYMOVE);
  check("mremap", moved != MAP_FAILED && moved[0] == 'P' && memcmp(moved + 9 * 999, "line 999", 8) == 0);
  check("munmap", munmap(moved, 20480) == 0 && munmap(shared, 12288) == 0 && unlink("data") == 0);
  return 0;
}
