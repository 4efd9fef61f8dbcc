/* Integer benchmark: quicksort with a comparison function, as qsort(3) has it, of N (default 1 million) random words. Checks order and content. */
#include "../runtime.h"

typedef int (*compare)(const void *, const void *);

static int by_value(const void *a, const void *b)
{
    u64 x = *(const u64 *)a, y = *(const u64 *)b;
    return x < y ? -1 : x > y;
}

static void swap(u64 *a, u64 *b)
{
    u64 kept = *a;
    *a = *b;
    *b = kept;
}

static void insertion(u64 *words, u64 n, compare order)
{
    for (u64 i = 1; i < n; i++)
        for (u64 j = i; j > 0 && order(&words[j - 1], &words[j]) > 0; j--)
            swap(&words[j - 1], &words[j]);
}

/* Recursion into the smaller part only: the stack stays below log2(n) frames. */
static void quicksort(u64 *words, u64 n, compare order)
{
    while (n > 16) {
        swap(&words[0], &words[n / 2]);
        u64 pivot = words[0];
        u64 below = 0, above = n;
        for (;;) {
            do
                below++;
            while (below < n && order(&words[below], &pivot) < 0);
            do
                above--;
            while (order(&words[above], &pivot) > 0);
            if (below >= above)
                break;
            swap(&words[below], &words[above]);
        }
        swap(&words[0], &words[above]);
        u64 rest = n - above - 1;
        if (above < rest) {
            quicksort(words, above, order);
            words += above + 1;
            n = rest;
        } else {
            quicksort(words + above + 1, rest, order);
            n = above;
        }
    }
    insertion(words, n, order);
}

int main(int argc, char **argv)
{
    u64 n = argc > 1 ? number(argv[1]) : 1000000;
    i64 at = mmap(NULL, n * 8 + 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (failed(at)) {
        print("sort: no memory for %u words\n", n);
        return 1;
    }
    u64 *words = (u64 *)at;
    u64 seed = 88172645463325252UL, before = 0, after = 0, wrong = 0;
    for (u64 i = 0; i < n; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        before += words[i] = seed;
    }
    quicksort(words, n, by_value);
    for (u64 i = 0; i < n; i++) {
        after += words[i];
        wrong += i > 0 && words[i - 1] > words[i];
    }
    print("sort: %u words, %u out of order, sum %s\n", n, wrong, before == after ? "kept" : "changed");
    return wrong != 0 || before != after;
}
