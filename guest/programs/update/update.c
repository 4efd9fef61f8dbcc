/* Memory-bound benchmark: adds to random words of MIB (default 64) mebibytes, UPDATES (default 4 million) times. */
#include "../runtime.h"

int main(int argc, char **argv)
{
    u64 size = (argc > 1 ? number(argv[1]) : 64) << 20;
    u64 updates = argc > 2 ? number(argv[2]) : 4000000;
    i64 at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (failed(at) || size == 0) {
        print("update: no memory for %u bytes\n", size);
        return 1;
    }
    u64 *words = (u64 *)at;
    u64 seed = 88172645463325252UL, check = 0;
    for (u64 i = 0; i < updates; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        u64 *word = &words[seed % (size / 8)];
        *word += seed;
        check ^= *word;
    }
    print("update: %u updates of %u words, checksum %x\n", updates, size / 8, check);
    return 0;
}
