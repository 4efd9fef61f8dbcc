/* A framebuffer and a register bank with open and mmap and nothing else. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void) {
  int fb = open("/dev/fb0", O_RDWR);
  if (fb < 0) { perror("/dev/fb0"); return 1; }
  volatile uint32_t *pixels = mmap(NULL, 640 * 480 * 4, PROT_READ | PROT_WRITE, MAP_SHARED, fb, 0);
  if (pixels == MAP_FAILED) { perror("mmap"); return 1; }
  for (int y = 0; y < 480; y++) for (int x = 0; x < 640; x++) pixels[y * 640 + x] = 0xff000000u | (uint32_t)(x ^ y);
  unsigned long sum = 0;
  for (int i = 0; i < 640 * 480; i++) sum += pixels[i] & 0xffffff;
  printf("sum %lu\n", sum);
  int regs = open("/dev/regs0", O_RDWR);
  volatile uint32_t *bank = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, regs, 0);
  printf("bank %d\n", bank != MAP_FAILED);
  printf("identity %d\n", bank[0] != 0);
  return munmap((void *)pixels, 640 * 480 * 4);
}
