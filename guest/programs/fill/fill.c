/* Memory benchmark: writes and adds up MIB (default 8) mebibytes of 64-bit words, ROUNDS (default 8) times, in order. */
#include "../runtime.h"

int main(int argc, char **argv)
{
    u64 size = (argc > 1 ? number(argv[1]) : 8) << 20;
    u64 rounds = argc > 2 ? number(argv[2]) : 8;
    i64 at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (failed(at)) {
        print("fill: no memory for %u bytes: error %d\n", size, -at);
        return 1;
    }
    volatile u64 *words = (volatile u64 *)at;
    u64 sum = 0;
    for (u64 round = 0; round < rounds; round++) {
        for (u64 i = 0; i < size / 8; i++)
            words[i] = i * 3 + round;
        for (u64 i = 0; i < size / 8; i++)
            sum += words[i];
    }
    print("fill: %u words, sum %x\n", size / 8 * rounds, sum);
    return 0;
}
