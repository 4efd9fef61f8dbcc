/* malloc storms, mappings that move, grow and shrink, protections, the heap. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned state = 1;
static unsigned next(void) { return state = state * 1664525u + 1013904223u; }

static void storm(void) {
  enum { SLOTS = 512, ROUNDS = 5000 };
  static unsigned char *slot[SLOTS];
  static size_t size[SLOTS];
  unsigned long sum = 0;
  for (int i = 0; i < ROUNDS; i++) {
    unsigned at = next() % SLOTS;
    if (slot[at]) {
      for (size_t k = 0; k < size[at]; k += 61) if (slot[at][k] != (unsigned char)(at ^ k)) { printf("broken\n"); exit(1); }
    }
    size_t want = next() % 100 == 0 ? 200000 + next() % 300000 : next() % 3000;
    slot[at] = realloc(slot[at], want + 1);
    size[at] = want + 1;
    for (size_t k = 0; k < size[at]; k += 61) slot[at][k] = (unsigned char)(at ^ k);
    sum += want;
  }
  for (int i = 0; i < SLOTS; i++) free(slot[i]);
  printf("storm %lu\n", sum);
}

static void check(const char *what, int ok) { printf("%s %s\n", what, ok ? "ok" : "WRONG"); }

static void mappings(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *m = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 4; i++) m[i * page] = (char)('a' + i);
  char *grown = mremap(m, 4 * page, 64 * page, MREMAP_MAYMOVE);
  check("mremap grow", grown != MAP_FAILED && grown[0] == 'a' && grown[3 * page] == 'd' && grown[63 * page] == 0);
  char *shrunk = mremap(grown, 64 * page, 2 * page, 0);
  check("mremap shrink", shrunk == grown && shrunk[page] == 'b');
  char *target = mmap(NULL, 8 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  char *moved = mremap(shrunk, 2 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED, target + page);
  check("mremap fixed", moved == target + page && moved[0] == 'a' && moved[page] == 'b' && moved[3 * page] == 0);
  check("mremap bad", mremap(moved + 1, page, page, 0) == MAP_FAILED && errno == EINVAL);
  check("mremap nothing there", mremap(shrunk, page, 2 * page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
  check("mremap no room", mremap(target + page, page, 3 * page, 0) == MAP_FAILED && errno == ENOMEM);
  check("dontneed", madvise(moved, page, MADV_DONTNEED) == 0 && moved[0] == 0 && moved[page] == 'b');
  check("mprotect", mprotect(moved, page, PROT_READ) == 0 && mprotect((void *)16, page, PROT_READ) == -1 && errno == EINVAL);
  check("munmap", munmap(target, 8 * page) == 0 && munmap(target, 8 * page) == 0);
  unsigned char vec[4];
  check("mincore gone", mincore(target, page, vec) == -1 && errno == ENOMEM);
  check("mlock", mlock(vec, 1) == 0 && munlock(vec, 1) == 0);
  check("huge", malloc((size_t)1 << 62) == NULL && errno == ENOMEM);
  check("half", malloc((size_t)1 << 41) == NULL && errno == ENOMEM);
  check("zero length", mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
}

static void heap(void) {
  char *start = sbrk(0);
  check("sbrk", sbrk(100000) == start && sbrk(0) == start + 100000);
  start[99999] = 1;
  check("sbrk back", sbrk(-100000) == start + 100000 && sbrk(0) == start);
  check("sbrk far", sbrk((intptr_t)1 << 45) == (void *)-1 && errno == ENOMEM);
}

int main(void) {
  storm();
  mappings();
  heap();
  void *p = NULL;
  check("aligned", posix_memalign(&p, 4096, 10000) == 0 && (uintptr_t)p % 4096 == 0);
  free(p);
  check("calloc", (p = calloc(1000, 1000)) != NULL && ((char *)p)[999999] == 0);
  free(p);
  return 0;
}
