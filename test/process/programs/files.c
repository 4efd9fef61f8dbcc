/* Files, directories and standard input and output by name, through the C library. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void check(const char *what, int ok) { printf("%s %s\n", what, ok ? "ok" : "WRONG"); }
static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

int main(void) {
  FILE *out = fopen("note.txt", "w+");
  check("fopen", out != NULL);
  if (out == NULL) return 1;
  for (int i = 0; i < 100; i++) fprintf(out, "line %d\n", i);
  check("ftell", ftell(out) == 790);
  fseek(out, 70, SEEK_SET);
  char line[64];
  check("fgets", fgets(line, sizeof line, out) != NULL);
  printf("%s", line);
  fclose(out);
  struct stat st;
  check("stat", stat("note.txt", &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 790);
  int fd = open("note.txt", O_RDONLY);
  char head[4] = {0};
  check("pread", pread(fd, head, 4, 0) == 4 && memcmp(head, "line", 4) == 0);
  close(fd);
  check("mkdir", mkdir("dir", 0755) == 0 && mkdir("dir", 0755) == -1 && errno == EEXIST);
  check("rename", rename("note.txt", "dir/moved.txt") == 0 && access("note.txt", F_OK) == -1 && errno == ENOENT);
  check("symlink", symlink("moved.txt", "dir/link") == 0);
  char target[64] = {0};
  check("readlink", readlink("dir/link", target, sizeof target) == 9 && strcmp(target, "moved.txt") == 0);
  struct dirent **names;
  int n = scandir("dir", &names, NULL, by_name);
  for (int i = 0; i < n; i++) printf("%s ", names[i]->d_name);
  printf("\n");
  check("chdir", chdir("dir") == 0);
  char cwd[256];
  check("getcwd", getcwd(cwd, sizeof cwd) != NULL && strcmp(strrchr(cwd, '/'), "/dir") == 0);
  check("unlink", unlink("link") == 0 && unlink("moved.txt") == 0 && chdir("..") == 0 && rmdir("dir") == 0);
  int ends[2];
  check("pipe", pipe(ends) == 0);
  struct pollfd p = {.fd = ends[0], .events = POLLIN};
  check("poll", poll(&p, 1, 0) == 0 && write(ends[1], "x", 1) == 1 && poll(&p, 1, -1) == 1 && (p.revents & POLLIN));
  check("dup2", dup2(ends[0], 40) == 40 && fcntl(40, F_GETFD) == 0);
  check("bad descriptor", close(77) == -1 && errno == EBADF);
  FILE *temporary = fopen("/dev/null", "w");
  check("null", temporary != NULL && fputs("gone", temporary) >= 0 && fclose(temporary) == 0);
  return 0;
}
