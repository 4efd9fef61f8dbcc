/*
 * Floating-point benchmark, double precision: solves N (default 160) linear equations by elimination with pivoting, ROUNDS times. The
 * right side is the sum of each row, so every unknown is 1; the residue is judged as LINPACK does.
 */
#include "../runtime.h"

static double magnitude(double x)
{
    return x < 0 ? -x : x;
}

static double random_between(u64 *seed)
{
    *seed = *seed * 6364136223846793005UL + 1442695040888963407UL;
    return (double)(i64)*seed / 9223372036854775808.0;
}

static void swap_rows(double *a, double *b, u64 n)
{
    for (u64 i = 0; i < n; i++) {
        double kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* Rows of n + 1: the last column is the right side, which becomes the solution. */
static void solve(double *m, u64 n)
{
    u64 width = n + 1;
    for (u64 k = 0; k < n; k++) {
        u64 pivot = k;
        for (u64 i = k + 1; i < n; i++)
            if (magnitude(m[i * width + k]) > magnitude(m[pivot * width + k]))
                pivot = i;
        if (pivot != k)
            swap_rows(&m[pivot * width], &m[k * width], width);
        for (u64 i = k + 1; i < n; i++) {
            double factor = -m[i * width + k] / m[k * width + k];
            for (u64 j = k; j < width; j++)
                m[i * width + j] += factor * m[k * width + j];
        }
    }
    for (u64 k = n; k-- > 0;) {
        double sum = m[k * width + n];
        for (u64 j = k + 1; j < n; j++)
            sum -= m[k * width + j] * m[j * width + n];
        m[k * width + n] = sum / m[k * width + k];
    }
}

int main(int argc, char **argv)
{
    u64 n = argc > 1 ? number(argv[1]) : 160;
    u64 rounds = argc > 2 ? number(argv[2]) : 1;
    i64 at = mmap(NULL, n * (n + 1) * 8 + 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (failed(at)) {
        print("lu: no memory for %u equations\n", n);
        return 1;
    }
    double *m = (double *)at, worst = 0;
    u64 seed = 1;
    for (u64 round = 0; round < rounds; round++) {
        for (u64 i = 0; i < n; i++) {
            double sum = 0;
            for (u64 j = 0; j < n; j++)
                sum += m[i * (n + 1) + j] = random_between(&seed);
            m[i * (n + 1) + n] = sum;
        }
        solve(m, n);
        for (u64 i = 0; i < n; i++)
            if (magnitude(m[i * (n + 1) + n] - 1) > worst)
                worst = magnitude(m[i * (n + 1) + n] - 1);
    }
    print("lu: %u equations, solution %s\n", n, worst < 1e-7 ? "right" : "wrong");
    return worst >= 1e-7;
}
