/*
 * The picture: an evening sky with its sun, ridges of hills that fade into the haze, and a lake that mirrors it all.
 * Integers only, and nothing in it depends on the size of the screen but the level of detail.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include "canvas.h"

#define RIDGES 4
#define MAX_WIDTH 16384

static struct {
    i64 horizon, sun_x, sun_y, sun_radius, width, height;
    u16 ridge[RIDGES][MAX_WIDTH]; /* the line at which each ridge begins, by column */
} scene;

/* A number in [0, 65535] that depends on n and salt as if by chance. */
static u32 noise(u32 n, u32 salt)
{
    u32 h = n * 0x9e3779b1u ^ salt * 0x85ebca6bu;
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    h ^= h >> 12;
    return h & 0xffff;
}
/* Noise made continuous: `at` in 1/65536 steps between the numbers. */
static i64 smooth(u64 at, u32 salt)
{
    i64 t = (i64)(at & 0xffff);
    i64 a = noise((u32)(at >> 16), salt), b = noise((u32)(at >> 16) + 1, salt);
    i64 s = t * t / 65536 * (3 * 65536 - 2 * t) / 65536;
    return a + (b - a) * s / 65536;
}
static void prepare(u64 width, u64 height)
{
    scene.width = (i64)width;
    scene.height = (i64)height;
    scene.horizon = (i64)(height * 70 / 100);
    scene.sun_x = (i64)(width * 66 / 100);
    scene.sun_y = (i64)(height * 47 / 100);
    scene.sun_radius = (i64)(height / 12 + 1);
    for (u32 r = 0; r < RIDGES; r++) {
        /* nearer ridges are lower, rougher and closer to the shore */
        i64 base = scene.horizon - (i64)height * (17 - 5 * (i64)r) / 100;
        i64 swing = (i64)height * (13 - 2 * (i64)r) / 100;
        for (u64 x = 0; x < width; x++) {
            u64 at = (x << 16) * (3 + r * 2) / width;
            i64 h = smooth(at, r) * 4 + smooth(at * 3, r + 10) * 2 + smooth(at * 9, r + 20) + smooth(at * 31, r + 30) / 3;
            i64 top = base + swing / 2 - swing * h / (7 * 65536);
            if (top < 0)
                top = 0;
            if (top > scene.horizon)
                top = scene.horizon;
            scene.ridge[r][x] = (u16)top;
        }
    }
}

/* Sky colours from the zenith to the horizon, evenly spaced. */
static const u32 sky_stops[] = { 0x14163c, 0x2b2a63, 0x5b3b7d, 0xa4507c, 0xe67a64, 0xfcb262, 0xffdf94 };
/* Ridges from the farthest to the nearest. */
static const u32 ridge_colours[RIDGES] = { 0x9a5f86, 0x6a4577, 0x412f5e, 0x221c40 };

static u32 sky(i64 x, i64 y)
{
    u64 spans = sizeof sky_stops / sizeof sky_stops[0] - 1;
    u64 at = (u64)y * spans * 256 / (u64)scene.horizon;
    u64 span = at >> 8 < spans - 1 ? at >> 8 : spans - 1;
    u32 colour = mix(sky_stops[span], sky_stops[span + 1], (u32)(at - (span << 8) < 256 ? at - (span << 8) : 256));
    if (y * 2 < scene.horizon && noise((u32)(x + y * scene.width), 99) < 40)
        colour = mix(colour, 0xffffff, (u32)(220 - 400 * y / scene.horizon));
    i64 dx = x - scene.sun_x, dy = y - scene.sun_y, r2 = scene.sun_radius * scene.sun_radius;
    i64 d2 = dx * dx + dy * dy;
    u64 glow = (u64)(180 * r2 / (d2 + r2 / 2 + 1));
    colour = mix(colour, 0xffe3a0, (u32)(glow < 200 ? glow : 200));
    /* the rim, about a pixel wide, is blended */
    i64 inside = (r2 - d2) * 128 / scene.sun_radius + 128;
    if (inside > 0)
        colour = mix(colour, 0xfff6d8, (u32)(inside < 256 ? inside : 256));
    return colour;
}
/* What one sees looking up from the shore. */
static u32 land(i64 x, i64 y)
{
    for (int r = RIDGES - 1; r >= 0; r--) {
        i64 top = scene.ridge[r][x];
        if (y >= top) {
            /* mist gathers at the foot of each ridge */
            u64 mist = (u64)((y - top) * 150 / (scene.horizon - top + 1));
            return mix(ridge_colours[r], r == RIDGES - 1 ? 0x3a2a54 : 0xd9868a, (u32)mist);
        }
    }
    return sky(x, y);
}
/* A colour as water reflects it: darker, most of all its green. */
static u32 dim(u32 rgb)
{
    return (rgb >> 16 & 255) * 218 >> 8 << 16 | (rgb >> 8 & 255) * 172 >> 8 << 8 | (rgb & 255) * 186 >> 8;
}
/* The lake: the land upside down, broken by ripples that grow towards the viewer. */
static u32 lake(i64 x, i64 y)
{
    i64 depth = y - scene.horizon;
    i64 height = scene.height - scene.horizon;
    u64 wave = (u64)(y * 65536 * 40 / (scene.horizon + 4 * depth));
    i64 ripple = (smooth(wave * 5 + (u64)x * 900000 / (u64)scene.width, 50) - 32768) * (depth + 4) / 65536 / 4;
    i64 up = scene.horizon - 1 - depth * scene.horizon / (height + height / 2) + ripple / 2;
    i64 across = x + ripple;
    up = up < 0 ? 0 : up >= scene.horizon ? scene.horizon - 1 : up;
    across = across < 0 ? 0 : across >= scene.width ? scene.width - 1 : across;
    u32 colour = mix(dim(land(across, up)), 0x2a1a4a, (u32)(20 + 100 * depth / height));
    /* the path of light below the sun */
    i64 dx = x - scene.sun_x, half = scene.sun_radius / 2 + depth / 2;
    if (dx > -half && dx < half && smooth(wave * 9 + (u64)(x * 1800000 / scene.width), 60) > 34000 + 18000 * (dx < 0 ? -dx : dx) / half)
        colour = mix(colour, 0xffe7b0, (u32)(190 - 100 * depth / height));
    return colour;
}
static void draw_picture(const struct canvas *c)
{
    prepare(c->width, c->height);
    for (i64 y = 0; y < scene.height; y++)
        for (i64 x = 0; x < scene.width; x++)
            put(c, (u64)x, (u64)y, y < scene.horizon ? land(x, y) : lake(x, y));
}

#endif
