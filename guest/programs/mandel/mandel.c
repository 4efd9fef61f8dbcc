/*
 * Floating-point benchmark, single precision: the Mandelbrot set on a grid of N x N points (default 200), at most LIMIT (default 200) steps each.
 * The grid is symmetrical to the real axis, and so must the counts be.
 * Every operation is rounded by itself, without fused multiply-add, so that any host can check it.
 */
#pragma GCC optimize("fp-contract=off")
#include "../runtime.h"

static u32 escape(float x, float y, u32 limit)
{
    float re = 0, im = 0;
    for (u32 i = 0; i < limit; i++) {
        float re2 = re * re, im2 = im * im;
        if (re2 + im2 > 4.0f)
            return i;
        im = 2.0f * re * im + y;
        re = re2 - im2 + x;
    }
    return limit;
}

int main(int argc, char **argv)
{
    u32 n = argc > 1 ? (u32)number(argv[1]) : 200;
    u32 limit = argc > 2 ? (u32)number(argv[2]) : 200;
    u64 steps = 0, inside = 0, asymmetric = 0;
    float pitch = 3.0f / (float)n;
    for (u32 row = 0; row < n / 2; row++) {
        float y = ((float)row + 0.5f) * pitch;
        for (u32 column = 0; column < n; column++) {
            float x = (float)column * pitch - 2.25f;
            u32 above = escape(x, y, limit), below = escape(x, -y, limit);
            steps += above + below;
            inside += (above == limit) + (below == limit);
            asymmetric += above != below;
        }
    }
    print("mandel: %u steps, %u points inside, %u asymmetric\n", steps, inside, asymmetric);
    return asymmetric != 0;
}
