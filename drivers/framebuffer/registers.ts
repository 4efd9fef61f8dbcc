/**
 * The framebuffer as data: its two register sets, its pixel formats, its options and its ioctl.
 *
 * Everything that must agree (hardware, driver, guest programs, README, tests) reads this file. It imports nothing.
 */

/** Register set ("rnumber") of the video memory, in the order device.ts declares them. */
export const FB_RSET_MEMORY = 0;
/** Register set of the identification registers. */
export const FB_RSET_REGISTERS = 1;
/** Bytes of the register window: one page, so that it can be mapped. */
export const FB_REGISTERS_SIZE = 4096;

/** The registers of set 1. Little-endian; accessed with their size, MEMORY also by halves. A reset value of 0 stands for "set by an option". */
export const framebufferRegisters = [
  { name: 'ID', offset: 0x00, size: 4, access: 'ro', reset: 0x42464453n, reserved: 0n, doc: 'identification: the letters SDFB' },
  { name: 'VERSION', offset: 0x04, size: 4, access: 'ro', reset: 0x00010000n, reserved: 0n, doc: 'major version in the high half, minor in the low half' },
  { name: 'WIDTH', offset: 0x08, size: 4, access: 'ro', reset: 0n, reserved: 0n, doc: 'visible pixels in a line' },
  { name: 'HEIGHT', offset: 0x0c, size: 4, access: 'ro', reset: 0n, reserved: 0n, doc: 'visible lines' },
  { name: 'STRIDE', offset: 0x10, size: 4, access: 'ro', reset: 0n, reserved: 0n, doc: 'bytes from one line to the next' },
  { name: 'FORMAT', offset: 0x14, size: 4, access: 'ro', reset: 0n, reserved: 0n, doc: 'code of the pixel format' },
  { name: 'BITS', offset: 0x18, size: 4, access: 'ro', reset: 0n, reserved: 0n, doc: 'bits of a pixel in memory' },
  { name: 'MEMORY', offset: 0x20, size: 8, access: 'ro', reset: 0n, reserved: 0n, doc: 'bytes of video memory, a multiple of the page size' },
] as const;

/** Name of a framebuffer register. */
export type FramebufferRegister = (typeof framebufferRegisters)[number]['name'];

/** Byte offset of each register in its window: `FB.WIDTH`. */
export const FB: Readonly<Record<FramebufferRegister, number>> =
  Object.fromEntries(framebufferRegisters.map((r) => [r.name, r.offset])) as Record<FramebufferRegister, number>;

/**
 * Pixel formats. A pixel is `bytes` bytes, little-endian; each colour is [lowest bit, bits] of that word. Gray formats
 * name the same bits three times. Bits that no colour names are ignored when read and should be written as 0.
 */
export const pixelFormats = [
  { name: 'xrgb8888', code: 0, bytes: 4, red: [16, 8], green: [8, 8], blue: [0, 8], gray: false },
  { name: 'xbgr8888', code: 1, bytes: 4, red: [0, 8], green: [8, 8], blue: [16, 8], gray: false },
  { name: 'rgb565', code: 2, bytes: 2, red: [11, 5], green: [5, 6], blue: [0, 5], gray: false },
  { name: 'gray8', code: 3, bytes: 1, red: [0, 8], green: [0, 8], blue: [0, 8], gray: true },
] as const;

/** One row of `pixelFormats`. */
export type PixelFormat = (typeof pixelFormats)[number];
/** Name of a pixel format, as the `format` option spells it. */
export type PixelFormatName = PixelFormat['name'];

/** Options of the device, as `--device framebuffer:width=640,...` takes them. */
export const framebufferOptions = [
  { name: 'width', kind: 'number', default: 1024, min: 1, max: 16384, help: 'visible pixels in a line' },
  { name: 'height', kind: 'number', default: 768, min: 1, max: 16384, help: 'visible lines' },
  { name: 'format', kind: 'choice', default: 'xrgb8888', choices: ['xrgb8888', 'xbgr8888', 'rgb565', 'gray8'], help: 'pixel format' },
  { name: 'align', kind: 'choice', default: 'auto', choices: ['auto', '4k', '2m', '1g'], help: 'physical alignment of the video memory; auto takes the largest page that fits into it' },
  { name: 'base', kind: 'number', default: undefined, min: 0, max: 0x3fff_ffff_ffff, help: 'physical address of the video memory, page aligned, instead of a chosen one' },
] as const;

/**
 * The one ioctl(2) of `/dev/fb*`: copies `struct fb_geometry` out to its argument. In the spirit of `<sys/fbio.h>`, with a
 * number of its own because `struct fbtype` has no room for a stride.
 */
export const FBIOGEOMETRY = 0x4640;
/** Bytes of `struct fb_geometry`. */
export const FB_GEOMETRY_SIZE = 32;
/** `struct fb_geometry`, in the order of its members, and the register each comes from; little-endian, naturally aligned. */
export const fbGeometry = [
  { name: 'fb_width', register: 'WIDTH', offset: 0, size: 4, doc: 'visible pixels in a line' },
  { name: 'fb_height', register: 'HEIGHT', offset: 4, size: 4, doc: 'visible lines' },
  { name: 'fb_stride', register: 'STRIDE', offset: 8, size: 4, doc: 'bytes from one line to the next' },
  { name: 'fb_format', register: 'FORMAT', offset: 12, size: 4, doc: 'code of the pixel format' },
  { name: 'fb_bits', register: 'BITS', offset: 16, size: 4, doc: 'bits of a pixel in memory' },
  { name: 'fb_reserved', register: undefined, offset: 20, size: 4, doc: '0' },
  { name: 'fb_memory', register: 'MEMORY', offset: 24, size: 8, doc: 'bytes of video memory: mmap(2) offsets 0 up to this one' },
] as const;
