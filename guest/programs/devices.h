/*
 * The framebuffer and the register bank as a program sees them: the C side of drivers/framebuffer/registers.ts and
 * drivers/regbank/registers.ts. A test compares every value here with those files.
 */
#ifndef DEVICES_H
#define DEVICES_H

/* /dev/fb*: ioctl FBIOGEOMETRY fills struct fb_geometry; the video memory is mapped at offsets 0 to fb_memory. */
#define FBIOGEOMETRY 0x4640
struct fb_geometry {
    u32 fb_width;    /* visible pixels in a line */
    u32 fb_height;   /* visible lines */
    u32 fb_stride;   /* bytes from one line to the next */
    u32 fb_format;   /* one of the FB_FORMAT values */
    u32 fb_bits;     /* bits of a pixel in memory */
    u32 fb_reserved;
    u64 fb_memory;   /* bytes of video memory */
};
#define FB_FORMAT_XRGB8888 0
#define FB_FORMAT_XBGR8888 1
#define FB_FORMAT_RGB565 2
#define FB_FORMAT_GRAY8 3

/* /dev/regs*: one page of registers, little-endian, accessed with exactly their size. Offsets: */
#define RB_REGISTERS_SIZE 4096
#define RB_ID 0x00          /* ro, 32 bits */
#define RB_VERSION 0x04     /* ro */
#define RB_SCRATCH 0x08     /* rw */
#define RB_CONTROL 0x0c     /* rw, CONTROL bits */
#define RB_STATUS 0x10      /* write one to clear, STATUS bits */
#define RB_COUNTER 0x18     /* ro, 64 bits */
#define RB_COUNTER_LO 0x20  /* ro, latches COUNTER_HI */
#define RB_COUNTER_HI 0x24  /* ro */
#define RB_SCRATCH64 0x28   /* rw, 64 bits */
#define RB_FILL_X 0x40      /* rw, as are the next four */
#define RB_FILL_Y 0x44
#define RB_FILL_WIDTH 0x48
#define RB_FILL_HEIGHT 0x4c
#define RB_FILL_COLOUR 0x50
#define RB_FILL_START 0x54  /* write only */
#define RB_FILL_STATE 0x58  /* ro, FILL_BUSY */
#define RB_FILL_ERROR 0x5c  /* ro, FILL_ERROR codes */

#define RB_ID_VALUE 0x42524453 /* what RB_ID reads as: the letters SDRB */
#define CONTROL_COUNT 0x1
#define CONTROL_FILL 0x2
#define CONTROL_RESET 0x80000000
#define STATUS_DONE 0x1
#define STATUS_ERROR 0x2
#define FILL_BUSY 0x1
#define FILL_ERROR_NONE 0
#define FILL_ERROR_BOUNDS 1
#define FILL_ERROR_BUSY 2
#define FILL_ERROR_DISABLED 3
#define FILL_ERROR_TARGET 4

#define RBIOCRESET 0x5201
#define RBIOCFILL 0x5202
struct rb_fill {
    u32 rb_x, rb_y, rb_width, rb_height, rb_colour;
};

/* The register at an offset of a mapped bank; `REG32(bank, RB_STATUS) = STATUS_DONE;` */
#define REG32(bank, offset) (*(volatile u32 *)((bank) + (offset)))
#define REG64(bank, offset) (*(volatile u64 *)((bank) + (offset)))

#endif
