/*
 * Integer benchmark: SHA-256 (FIPS 180-4) of KIB (default 1024) kibibytes of zeros. The round constants are computed
 * from the primes as the standard defines them, so the program carries no table.
 * SHA-256 of one mebibyte of zeros begins 30e14955.
 */
#include "../runtime.h"

static u32 k[64], state[8];

/* The first 32 bits of the fractional part of a root: the largest r with r^power <= n * 2^(32 * power), modulo 2^32. */
static u32 root_fraction(unsigned __int128 n, int power)
{
    unsigned __int128 low = 0, high = (unsigned __int128)1 << 36;
    while (high - low > 1) {
        unsigned __int128 middle = (low + high) / 2;
        unsigned __int128 raised = power == 2 ? middle * middle : middle * middle * middle;
        if (raised <= n << 32 * power)
            low = middle;
        else
            high = middle;
    }
    return (u32)low;
}
static void constants(void)
{
    int count = 0;
    for (u64 n = 2; count < 64; n++) {
        int prime = 1;
        for (u64 d = 2; d * d <= n; d++)
            prime &= n % d != 0;
        if (!prime)
            continue;
        if (count < 8)
            state[count] = root_fraction(n, 2);
        k[count++] = root_fraction(n, 3);
    }
}

static inline u32 ror(u32 x, int n) { return x >> n | x << (32 - n); }

static __attribute__((noinline)) void block(const u8 *bytes)
{
    u32 w[64];
    for (int i = 0; i < 16; i++)
        w[i] = (u32)bytes[4 * i] << 24 | (u32)bytes[4 * i + 1] << 16 | (u32)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        u32 s0 = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3;
        u32 s1 = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    u32 a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; i++) {
        u32 t1 = h + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
        u32 t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

int main(int argc, char **argv)
{
    u64 length = (argc > 1 ? number(argv[1]) : 1024) * 1024;
    static u8 buffer[64];
    constants();
    for (u64 i = 0; i < length; i += 64)
        block(buffer);
    /* A whole number of blocks, so the padding is a block of its own: a one bit, zeros, the length in bits. */
    buffer[0] = 0x80;
    for (int i = 0; i < 8; i++)
        buffer[56 + i] = (u8)(length * 8 >> (56 - 8 * i));
    block(buffer);
    print("sha256: ");
    for (int i = 0; i < 8; i++)
        print_number(state[i], 16, 8);
    print("\n");
    return 0;
}
