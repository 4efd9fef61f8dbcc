/* Strings, numbers and sorting: what every C program leans on. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static jmp_buf back;

static int by_value(const void *a, const void *b) {
  int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

static void say(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
}

static void deep(int depth) {
  if (depth < 50) deep(depth + 1);
  else longjmp(back, 7);
}

int main(int argc, char **argv, char **envp) {
  printf("arguments %d:", argc);
  for (int i = 1; i < argc; i++) printf(" [%s]", argv[i]);
  printf("\nenvironment:");
  for (char **e = envp; *e; e++) if (strncmp(*e, "T_", 2) == 0) printf(" [%s]", *e);
  printf("\n%s %s\n", getenv("T_NAME") ? getenv("T_NAME") : "none", getenv("T_MISSING") ? "there" : "missing");
  setenv("T_NEW", "value", 1);
  printf("%s\n", getenv("T_NEW"));

  printf("%d %u %ld %lx %" PRId64 " %c|%5d|%-5d|%05d|%+d|%s|%.3s|%10s|%-10s|\n", INT_MIN, UINT_MAX, LONG_MIN, ULONG_MAX, INT64_MAX, 'x', 42, 42, 42, 42, "text", "text", "right", "left");
  say("%s %d%%\n", "va_list", 100);
  char buffer[64];
  int n = snprintf(buffer, sizeof buffer, "%08x-%o-%#x", 0xbeef, 8, 255);
  printf("%d %s\n", n, buffer);
  int a, b;
  char word[16];
  printf("%d ", sscanf("12 abc 0x1f", "%d %15s %i", &a, word, &b));
  printf("%d %s %d\n", a, word, b);
  printf("%ld %lu %ld\n", strtol("  -123abc", NULL, 10), strtoul("ffffffffffffffff", NULL, 16), strtol("99999999999999999999", NULL, 10));
  printf("%d\n", errno == ERANGE);

  int values[1000];
  unsigned state = 12345;
  for (int i = 0; i < 1000; i++) values[i] = (int)((state = state * 1103515245u + 12345u) >> 8) - 4000000;
  qsort(values, 1000, sizeof *values, by_value);
  for (int i = 0; i < 1000; i += 111) printf("%d ", values[i]);
  int key = values[500];
  int *found = bsearch(&key, values, 1000, sizeof *values, by_value);
  printf("found %d\n", found && *found == key);

  char text[] = "the quick brown fox";
  for (char *t = strtok(text, " "); t; t = strtok(NULL, " ")) printf("%s,", t);
  printf(" %s %d %d\n", strstr("haystack needle", "need"), strcmp("a", "b") < 0, memcmp("abc", "abd", 3) < 0);
  for (const char *c = "aZ9 _"; *c; c++) printf("%d%d%d%d ", !!isalpha(*c), !!isdigit(*c), !!isspace(*c), toupper(*c));
  printf("\n");

  int code = setjmp(back);
  if (code == 0) deep(0);
  printf("longjmp %d\n", code);

  char *line = NULL;
  size_t room = 0;
  long lines = 0, bytes = 0;
  for (ssize_t got; (got = getline(&line, &room, stdin)) > 0; lines++) bytes += got;
  free(line);
  printf("stdin %ld lines %ld bytes\n", lines, bytes);
  fprintf(stderr, "to standard error\n");
  return 3;
}
