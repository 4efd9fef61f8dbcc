/*
 * The demonstration: a program that knows nothing of the machine it runs on but two device files.
 *
 * It maps the framebuffer and draws a picture with ordinary stores; maps the register bank and has its engine fill
 * rectangles of the framebuffer; then unmaps the middle of the framebuffer, touches the hole, and survives through its
 * own SIGSEGV handler, with the mappings on both sides still working.
 *
 *     demo [FRAMEBUFFER [REGISTERS]]        default /dev/fb0 and /dev/regs0
 */
#include "../runtime.h"
#include "canvas.h"
#include "picture.h"
#include "text.h"

static void fail(const char *what, i64 result)
{
    print("demo: %s: error %d\n", what, -result);
    exit(1);
}
static void check(int condition, const char *what)
{
    if (condition)
        return;
    print("demo: not as it should be: %s\n", what);
    exit(1);
}

static void map_framebuffer(const char *path, struct canvas *canvas, u64 *length)
{
    i64 fd = open(path, O_RDWR);
    if (failed(fd))
        fail(path, fd);
    struct fb_geometry geometry;
    i64 result = ioctl(fd, FBIOGEOMETRY, &geometry);
    if (failed(result))
        fail("FBIOGEOMETRY", result);
    i64 at = mmap(NULL, geometry.fb_memory, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (failed(at))
        fail("mmap of the framebuffer", at);
    close(fd); /* the mapping stays */
    print("%s: %u x %u, %u bits a pixel, %u KiB mapped at %x\n", path, (u64)geometry.fb_width, (u64)geometry.fb_height,
          (u64)geometry.fb_bits, geometry.fb_memory / 1024, (u64)at);
    check(geometry.fb_width <= MAX_WIDTH, "the width of the framebuffer");
    canvas->pixels = (volatile u8 *)at;
    canvas->width = geometry.fb_width;
    canvas->height = geometry.fb_height;
    canvas->stride = geometry.fb_stride;
    canvas->format = geometry.fb_format;
    *length = geometry.fb_memory;
}

static volatile u8 *map_registers(const char *path)
{
    i64 fd = open(path, O_RDWR);
    if (failed(fd))
        fail(path, fd);
    i64 at = mmap(NULL, RB_REGISTERS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (failed(at))
        fail("mmap of the registers", at);
    close(fd);
    volatile u8 *bank = (volatile u8 *)at;
    check(REG32(bank, RB_ID) == RB_ID_VALUE, "the identification of the register bank");
    REG32(bank, RB_SCRATCH) = 0x5eed1234;
    check(REG32(bank, RB_SCRATCH) == 0x5eed1234, "the scratch register");
    REG64(bank, RB_SCRATCH64) = 0x0123456789abcdefUL;
    check(REG64(bank, RB_SCRATCH64) == 0x0123456789abcdefUL, "the 64-bit scratch register");
    u64 before = REG64(bank, RB_COUNTER);
    u64 low = REG32(bank, RB_COUNTER_LO);
    u64 after = (u64)REG32(bank, RB_COUNTER_HI) << 32 | low;
    check(after >= before, "the counter, which went backwards");
    print("%s: version %u.%u mapped at %x, scratch and counter work\n", path, (u64)REG32(bank, RB_VERSION) >> 16,
          (u64)REG32(bank, RB_VERSION) & 0xffff, (u64)at);
    return bank;
}

/* Has the engine fill a rectangle and waits for it. */
static void engine_fill(volatile u8 *bank, u64 x, u64 y, u64 width, u64 height, u32 pixel)
{
    REG32(bank, RB_CONTROL) |= CONTROL_FILL;
    REG32(bank, RB_FILL_X) = (u32)x;
    REG32(bank, RB_FILL_Y) = (u32)y;
    REG32(bank, RB_FILL_WIDTH) = (u32)width;
    REG32(bank, RB_FILL_HEIGHT) = (u32)height;
    REG32(bank, RB_FILL_COLOUR) = pixel;
    REG32(bank, RB_FILL_START) = 1;
    while (REG32(bank, RB_FILL_STATE) & FILL_BUSY)
        sched_yield();
    check(REG32(bank, RB_STATUS) == STATUS_DONE, "the status after a fill");
    REG32(bank, RB_STATUS) = STATUS_DONE;
    check(REG32(bank, RB_STATUS) == 0, "the status after clearing it by writing a one");
}

/* The palette: five fields three units wide, with a unit around them. */
#define PALETTE_UNITS 17
static u64 palette_unit(const struct canvas *c) { return c->height / 48 + 1; }

static void draw_palette(volatile u8 *bank, const struct canvas *c)
{
    static const u32 palette[] = { 0x14163c, 0x5b3b7d, 0xe67a64, 0xfcb262, 0xffdf94 };
    u64 count = sizeof palette / sizeof palette[0], unit = palette_unit(c), fills = 0;
    if (c->width >= PALETTE_UNITS * unit && c->height >= 8 * unit) {
        u64 x = c->width - (count * 3 + 1) * unit, y = c->height - 4 * unit;
        engine_fill(bank, x - unit / 4, y - unit / 4, (count * 3 - 1) * unit + unit / 4 * 2, 2 * unit + unit / 4 * 2, encode(c, 0xffffff));
        for (u64 i = 0; i < count; i++)
            engine_fill(bank, x + i * 3 * unit, y, 2 * unit + (i + 1 < count ? unit : 0), 2 * unit, encode(c, palette[i]));
        fills += count + 1;
        volatile u8 *pixel = c->pixels + y * c->stride + x * (c->format == FB_FORMAT_RGB565 ? 2 : c->format == FB_FORMAT_GRAY8 ? 1 : 4);
        check(*pixel == (encode(c, palette[0]) & 255), "the pixel that the engine wrote, read through the mapping");
    }
    /* A rectangle that does not fit is refused, and says why. */
    REG32(bank, RB_FILL_X) = (u32)c->width;
    REG32(bank, RB_FILL_WIDTH) = REG32(bank, RB_FILL_HEIGHT) = 1;
    REG32(bank, RB_FILL_START) = 1;
    check(REG32(bank, RB_STATUS) == STATUS_ERROR && REG32(bank, RB_FILL_ERROR) == FILL_ERROR_BOUNDS, "a fill outside the picture");
    REG32(bank, RB_STATUS) = STATUS_ERROR;
    print("the fill engine drew %u rectangles and refused one that did not fit\n", fills);
}

/* What the handler saw, and the hole it expects. */
static volatile struct {
    u64 from, to, faults, address, code;
} hole;

static void on_segv(int signal, struct siginfo *info, struct ucontext *context)
{
    if (info->addr < hole.from || info->addr >= hole.to) {
        print("demo: signal %d at %x, pc %x: not in the hole\n", (i64)signal, info->addr, context->pc);
        exit(1);
    }
    hole.faults++;
    hole.address = info->addr;
    hole.code = (u64)info->code;
    /* Go on behind the instruction that faulted: two bytes long when it is compressed. */
    context->pc += (*(u16 *)context->pc & 3) == 3 ? 4 : 2;
}

static void make_hole(volatile u8 *memory, u64 length)
{
    u64 pages = length / PAGE;
    if (pages < 3) {
        print("the framebuffer is too small for a hole\n");
        return;
    }
    hole.from = (u64)memory + pages / 3 * PAGE;
    hole.to = (u64)memory + (pages / 3 + (pages / 3 > 8 ? 8 : 1)) * PAGE;
    i64 result = sigaction(SIGSEGV, on_segv);
    if (failed(result))
        fail("rt_sigaction", result);
    result = munmap((void *)hole.from, hole.to - hole.from);
    if (failed(result))
        fail("munmap", result);
    volatile u8 *middle = (volatile u8 *)(hole.from + (hole.to - hole.from) / 2 + 4);
    *middle = 0xff;
    check(hole.faults == 1 && hole.address == (u64)middle && hole.code == SEGV_MAPERR, "the signal for a store to the hole");
    (void)*(volatile u8 *)hole.from;
    (void)*(volatile u8 *)(hole.to - 1);
    check(hole.faults == 3 && hole.address == hole.to - 1, "the signals for loads from both ends of the hole");
    /* The neighbours still answer. */
    u8 below = *(volatile u8 *)(hole.from - 1), above = *(volatile u8 *)hole.to;
    *(volatile u8 *)(hole.from - 1) = below;
    *(volatile u8 *)hole.to = above;
    check(hole.faults == 3, "the pages beside the hole");
    print("unmapped %u pages in the middle at %x, touched the hole three times, survived\n", (hole.to - hole.from) / PAGE, hole.from);
}

int main(int argc, char **argv)
{
    struct canvas canvas;
    u64 length;
    map_framebuffer(argc > 1 ? argv[1] : "/dev/fb0", &canvas, &length);
    volatile u8 *bank = map_registers(argc > 2 ? argv[2] : "/dev/regs0");
    draw_picture(&canvas);
    print("drew an evening by the lake with ordinary stores\n");
    u64 dot = canvas.width / 72 + 1;
    draw_text(&canvas, dot * 3 + dot / 3, dot * 3 + dot / 3, dot, 0x0c0d26, "segdev");
    draw_text(&canvas, dot * 3, dot * 3, dot, 0xfff3d0, "segdev");
    draw_palette(bank, &canvas);
    make_hole(canvas.pixels, length);
    /* Above the hole the mapping goes on: the last lines of the picture, left of the palette. */
    static const char caption[] = "drawn by a guest through a mapped device";
    u64 room = canvas.width - dot * 4 - PALETTE_UNITS * palette_unit(&canvas);
    u64 small = room < canvas.width ? room / (6 * (sizeof caption - 1)) : 0;
    if (small > 0)
        draw_text(&canvas, dot * 3, canvas.height - 11 * small, small, 0xffe7b0, caption);
    print("done\n");
    return 0;
}
