/* Pixels: a mapped framebuffer of any geometry and format, drawn on with ordinary stores. */
#ifndef CANVAS_H
#define CANVAS_H

#include "../devices.h"

struct canvas {
    volatile u8 *pixels;
    u64 width, height, stride;
    u32 format;
};

/* The pixel of a colour 0xRRGGBB in the canvas's format. */
static inline u32 encode(const struct canvas *c, u32 rgb)
{
    u32 red = rgb >> 16 & 255, green = rgb >> 8 & 255, blue = rgb & 255;
    switch (c->format) {
    case FB_FORMAT_XBGR8888:
        return blue << 16 | green << 8 | red;
    case FB_FORMAT_RGB565:
        return red >> 3 << 11 | green >> 2 << 5 | blue >> 3;
    case FB_FORMAT_GRAY8:
        return (red * 77 + green * 151 + blue * 28) >> 8;
    default:
        return rgb;
    }
}
static inline void put(const struct canvas *c, u64 x, u64 y, u32 rgb)
{
    volatile u8 *line = c->pixels + y * c->stride;
    u32 pixel = encode(c, rgb);
    if (c->format == FB_FORMAT_RGB565)
        ((volatile u16 *)line)[x] = (u16)pixel;
    else if (c->format == FB_FORMAT_GRAY8)
        line[x] = (u8)pixel;
    else
        ((volatile u32 *)line)[x] = pixel;
}
/* The colour `part` 256ths of the way from a to b; part in [0, 256]. */
static inline u32 mix(u32 a, u32 b, u32 part)
{
    u32 outer = ((a & 0xff00ff) * (256 - part) + (b & 0xff00ff) * part) >> 8 & 0xff00ff;
    u32 green = ((a & 0x00ff00) * (256 - part) + (b & 0x00ff00) * part) >> 8 & 0x00ff00;
    return outer | green;
}

#endif
