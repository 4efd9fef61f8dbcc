/*
 * Integer benchmark: counts the primes below N (default 4 million) by the sieve of Eratosthenes, one byte a number.
 * pi(4,000,000) = 283146.
 */
#include "../runtime.h"

int main(int argc, char **argv)
{
    u64 n = argc > 1 ? number(argv[1]) : 4000000;
    u64 rounds = argc > 2 ? number(argv[2]) : 1;
    i64 at = mmap(NULL, n + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (failed(at)) {
        print("sieve: no memory for %u bytes: error %d\n", n + 1, -at);
        return 1;
    }
    u8 *composite = (u8 *)at;
    u64 count = 0;
    for (u64 round = 0; round < rounds; round++) {
        count = 0;
        for (u64 i = 0; i < n; i++)
            composite[i] = i < 2;
        for (u64 i = 2; i * i < n; i++)
            if (!composite[i])
                for (u64 j = i * i; j < n; j += i)
                    composite[j] = 1;
        for (u64 i = 0; i < n; i++)
            count += !composite[i];
    }
    print("sieve: %u primes below %u\n", count, n);
    return 0;
}
