/*
 * Integer benchmark: the product of two N x N matrices (default 192) of 64-bit words, ROUNDS times. Checked by (AB)v = A(Bv), which
 * a wrong product fails for almost every v.
 */
#include "../runtime.h"

static u64 next(u64 *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void multiply(u64 *c, const u64 *a, const u64 *b, u64 n)
{
    for (u64 i = 0; i < n; i++)
        for (u64 j = 0; j < n; j++) {
            u64 sum = 0;
            for (u64 k = 0; k < n; k++)
                sum += a[i * n + k] * b[k * n + j];
            c[i * n + j] = sum;
        }
}

static void apply(u64 *to, const u64 *m, const u64 *v, u64 n)
{
    for (u64 i = 0; i < n; i++) {
        to[i] = 0;
        for (u64 j = 0; j < n; j++)
            to[i] += m[i * n + j] * v[j];
    }
}

int main(int argc, char **argv)
{
    u64 n = argc > 1 ? number(argv[1]) : 192;
    u64 rounds = argc > 2 ? number(argv[2]) : 1;
    i64 at = mmap(NULL, (3 * n * n + 4 * n) * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (failed(at)) {
        print("matmul: no memory for %u x %u\n", n, n);
        return 1;
    }
    u64 *a = (u64 *)at, *b = a + n * n, *c = b + n * n, *v = c + n * n, *bv = v + n, *abv = bv + n, *cv = abv + n;
    u64 seed = 88172645463325252UL;
    for (u64 i = 0; i < 2 * n * n; i++)
        a[i] = next(&seed);
    for (u64 i = 0; i < n; i++)
        v[i] = next(&seed);
    for (u64 round = 0; round < rounds; round++) {
        a[round % (n * n)]++;
        multiply(c, a, b, n);
    }
    apply(bv, b, v, n);
    apply(abv, a, bv, n);
    apply(cv, c, v, n);
    u64 wrong = 0;
    for (u64 i = 0; i < n; i++)
        wrong += abv[i] != cv[i];
    print("matmul: %u x %u, %u wrong rows\n", n, n, wrong);
    return wrong != 0;
}
