/*
 * Byte-wise benchmark: looks for words in KIB (default 256) kibibytes of text by Horspool's algorithm and by comparing at every place,
 * ROUNDS times; the two must agree.
 */
#include "../runtime.h"

static u64 plain(const u8 *text, u64 n, const u8 *word, u64 m)
{
    u64 found = 0;
    for (u64 i = 0; i + m <= n; i++) {
        u64 j = 0;
        while (j < m && text[i + j] == word[j])
            j++;
        found += j == m;
    }
    return found;
}

static u64 horspool(const u8 *text, u64 n, const u8 *word, u64 m)
{
    static u64 shift[256];
    u64 found = 0;
    for (int c = 0; c < 256; c++)
        shift[c] = m;
    for (u64 i = 0; i + 1 < m; i++)
        shift[word[i]] = m - 1 - i;
    for (u64 i = 0; i + m <= n; i += shift[text[i + m - 1]]) {
        u64 j = m;
        while (j > 0 && text[i + j - 1] == word[j - 1])
            j--;
        found += j == 0;
    }
    return found;
}

int main(int argc, char **argv)
{
    static const char *const words[] = { "abc", "acabab", "bbbbbbbb", "cabcabcabcab", "aaab" };
    u64 n = (argc > 1 ? number(argv[1]) : 256) << 10;
    u64 rounds = argc > 2 ? number(argv[2]) : 4;
    i64 at = mmap(NULL, n + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (failed(at)) {
        print("search: no memory for %u bytes\n", n);
        return 1;
    }
    u8 *text = (u8 *)at;
    u64 seed = 88172645463325252UL, total = 0, differences = 0;
    for (u64 i = 0; i < n; i++) {
        seed = seed * 6364136223846793005UL + 1442695040888963407UL;
        text[i] = 'a' + (seed >> 33) % 3;
    }
    for (u64 round = 0; round < rounds; round++)
        for (u64 w = 0; w < sizeof words / sizeof *words; w++) {
            const u8 *word = (const u8 *)words[w];
            u64 found = horspool(text, n, word, strlen(words[w]));
            differences += found != plain(text, n, word, strlen(words[w]));
            total += found;
        }
    print("search: %u places in %u bytes, %u differences\n", total / rounds, n, differences);
    return differences != 0;
}
