/*
 * Memory-bound benchmark: follows a random cycle through MiB (default 16) of 64-byte lines, STEPS (default 2 million)
 * times. Every step is a cache and TLB miss where the memory exceeds them. The checksum depends on every step.
 */
#include "../runtime.h"

#define LINE 64

int main(int argc, char **argv)
{
    u64 size = (argc > 1 ? number(argv[1]) : 16) << 20;
    u64 steps = argc > 2 ? number(argv[2]) : 2000000;
    i64 at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (failed(at) || size == 0) {
        print("chase: no memory for %u bytes\n", size);
        return 1;
    }
    u8 *base = (u8 *)at;
    u64 lines = size / LINE;
    /* One cycle through all lines (Sattolo's shuffle): line i holds the number of the next line. */
    for (u64 i = 0; i < lines; i++)
        *(u64 *)(base + i * LINE) = i;
    u64 seed = 88172645463325252UL;
    for (u64 i = lines - 1; i > 0; i--) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        u64 *a = (u64 *)(base + i * LINE), *b = (u64 *)(base + seed % i * LINE);
        u64 t = *a;
        *a = *b;
        *b = t;
    }
    u64 here = 0, sum = 0;
    for (u64 i = 0; i < steps; i++) {
        here = *(u64 *)(base + here * LINE);
        sum = sum * 31 + here;
    }
    print("chase: %u steps through %u lines, checksum %x\n", steps, lines, sum);
    return 0;
}
