/*
 * Framebuffer benchmark: clears, fills rectangles and copies blocks on 1024 x 768 pixels of 32 bits, FRAMES (default 60) times: on
 * /dev/fb0 where there is one of that size, else on plain memory. The last frame is compared pixel by pixel with what it must be.
 */
#include "../runtime.h"

#define WIDTH 1024
#define HEIGHT 768
#define SIZE 128

static void fill(volatile u32 *pixels, u64 x, u64 y, u64 width, u64 height, u32 colour)
{
    for (u64 j = y; j < y + height; j++)
        for (u64 i = x; i < x + width; i++)
            pixels[j * WIDTH + i] = colour;
}

static void blit(volatile u32 *pixels, u64 from_x, u64 from_y, u64 to_x, u64 to_y)
{
    for (u64 j = 0; j < SIZE; j++)
        for (u64 i = 0; i < SIZE; i++)
            pixels[(to_y + j) * WIDTH + to_x + i] = pixels[(from_y + j) * WIDTH + from_x + i];
}

/* Squares of SIZE pixels: the first column is filled, every other square is a copy of its left neighbour with the right half filled anew. */
static u32 colour(u64 column, u64 row, u64 frame)
{
    return (u32)(column * 0x1f0f07 + row * 0x3b1d + frame * 0x010101);
}

static void draw(volatile u32 *pixels, u64 frame)
{
    fill(pixels, 0, 0, WIDTH, HEIGHT, 0);
    for (u64 row = 0; row < HEIGHT / SIZE; row++) {
        fill(pixels, 0, row * SIZE, SIZE, SIZE, colour(0, row, frame));
        for (u64 column = 1; column < WIDTH / SIZE; column++) {
            blit(pixels, (column - 1) * SIZE, row * SIZE, column * SIZE, row * SIZE);
            fill(pixels, column * SIZE + SIZE / 2, row * SIZE, SIZE / 2, SIZE, colour(column, row, frame));
        }
    }
}

static u64 differences(volatile u32 *pixels, u64 frame)
{
    u64 count = 0;
    for (u64 y = 0; y < HEIGHT; y++)
        for (u64 x = 0; x < WIDTH; x++)
            count += pixels[y * WIDTH + x] != colour(x % SIZE < SIZE / 2 ? 0 : x / SIZE, y / SIZE, frame);
    return count;
}

int main(int argc, char **argv)
{
    u64 frames = argc > 1 ? number(argv[1]) : 60;
    i64 fd = open("/dev/fb0", O_RDWR);
    i64 at = mmap(NULL, WIDTH * HEIGHT * 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (failed(fd) || failed(at))
        at = mmap(NULL, WIDTH * HEIGHT * 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (failed(at)) {
        print("blit: nothing to draw on: error %d\n", -at);
        return 1;
    }
    volatile u32 *pixels = (volatile u32 *)at;
    for (u64 frame = 0; frame < frames; frame++)
        draw(pixels, frame);
    u64 wrong = frames == 0 ? 0 : differences(pixels, frames - 1);
    print("blit: %u frames, %u wrong pixels\n", frames, wrong);
    return wrong != 0;
}
