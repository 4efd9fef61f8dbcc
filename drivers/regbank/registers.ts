/**
 * The register bank as data: registers, bits, error codes, options and ioctls.
 *
 * Everything that must agree (hardware, driver, guest programs, README, tests) reads this file. It imports nothing.
 */

/** Register set ("rnumber") of the window. */
export const RB_RSET_REGISTERS = 0;
/** Bytes of the register window: one page, so that it can be mapped. */
export const RB_REGISTERS_SIZE = 4096;

/**
 * The registers. Little-endian; accessed with their size, the 64-bit ones also by halves. `reserved` bits read as 0 and
 * ignore writes. `latched`: reading the low half captures the high half.
 */
export const regbankRegisters = [
  { name: 'ID', offset: 0x00, size: 4, access: 'ro', reset: 0x42524453n, reserved: 0n, doc: 'identification: the letters SDRB' },
  { name: 'VERSION', offset: 0x04, size: 4, access: 'ro', reset: 0x00010000n, reserved: 0n, doc: 'major version in the high half, minor in the low half' },
  { name: 'SCRATCH', offset: 0x08, size: 4, access: 'rw', reset: 0n, reserved: 0n, doc: 'keeps what was written' },
  { name: 'CONTROL', offset: 0x0c, size: 4, access: 'rw', reset: 0x3n, reserved: 0x7ffffffcn, doc: 'enables and reset, see CONTROL bits' },
  { name: 'STATUS', offset: 0x10, size: 4, access: 'w1c', reset: 0n, reserved: 0xfffffffcn, doc: 'what the fill engine reported, see STATUS bits; write 1 to clear' },
  { name: 'COUNTER', offset: 0x18, size: 8, access: 'ro', reset: 0n, reserved: 0n, latched: true, doc: 'counter of virtual nanoseconds' },
  { name: 'COUNTER_LO', offset: 0x20, size: 4, access: 'ro', reset: 0n, reserved: 0n, doc: 'low half of the counter; reading it latches the high half' },
  { name: 'COUNTER_HI', offset: 0x24, size: 4, access: 'ro', reset: 0n, reserved: 0n, doc: 'high half as latched by the last read of COUNTER_LO' },
  { name: 'SCRATCH64', offset: 0x28, size: 8, access: 'rw', reset: 0n, reserved: 0n, doc: 'keeps what was written' },
  { name: 'FILL_X', offset: 0x40, size: 4, access: 'rw', reset: 0n, reserved: 0n, doc: 'leftmost pixel of the rectangle' },
  { name: 'FILL_Y', offset: 0x44, size: 4, access: 'rw', reset: 0n, reserved: 0n, doc: 'topmost line of the rectangle' },
  { name: 'FILL_WIDTH', offset: 0x48, size: 4, access: 'rw', reset: 0n, reserved: 0n, doc: 'pixels in a line of the rectangle' },
  { name: 'FILL_HEIGHT', offset: 0x4c, size: 4, access: 'rw', reset: 0n, reserved: 0n, doc: 'lines of the rectangle' },
  { name: 'FILL_COLOUR', offset: 0x50, size: 4, access: 'rw', reset: 0n, reserved: 0n, doc: 'pixel in the format of the framebuffer; bits above its size are ignored' },
  { name: 'FILL_START', offset: 0x54, size: 4, access: 'wo', reset: 0n, reserved: 0xfffffffen, doc: 'writing bit 0 starts a fill with the five registers above' },
  { name: 'FILL_STATE', offset: 0x58, size: 4, access: 'ro', reset: 0n, reserved: 0xfffffffen, doc: 'bit 0: a fill is under way' },
  { name: 'FILL_ERROR', offset: 0x5c, size: 4, access: 'ro', reset: 0n, reserved: 0n, doc: 'why the last start was refused, see FILL_ERROR codes' },
] as const;

/** Name of a register of the bank. */
export type RegbankRegister = (typeof regbankRegisters)[number]['name'];

/** Byte offset of each register in its window: `RB.STATUS`. */
export const RB: Readonly<Record<RegbankRegister, number>> =
  Object.fromEntries(regbankRegisters.map((r) => [r.name, r.offset])) as Record<RegbankRegister, number>;

/** CONTROL: the counter runs. While clear it keeps its value. */
export const CONTROL_COUNT = 0x1;
/** CONTROL: the fill engine accepts starts. */
export const CONTROL_FILL = 0x2;
/** CONTROL: writing 1 puts every register back to its reset value and the counter to its start; reads as 0. */
export const CONTROL_RESET = 0x8000_0000;

/** STATUS: a fill ended and its pixels are in memory. */
export const STATUS_DONE = 0x1;
/** STATUS: a start was refused; FILL_ERROR says why. Nothing was drawn. */
export const STATUS_ERROR = 0x2;

/** FILL_STATE: a fill is under way. */
export const FILL_BUSY = 0x1;

/** FILL_ERROR: the last start was accepted, or there was none. */
export const FILL_ERROR_NONE = 0;
/** FILL_ERROR: the rectangle does not lie wholly inside the visible area. Rectangles are never clipped. */
export const FILL_ERROR_BOUNDS = 1;
/** FILL_ERROR: the engine was still busy with another rectangle. */
export const FILL_ERROR_BUSY = 2;
/** FILL_ERROR: CONTROL_FILL was clear. */
export const FILL_ERROR_DISABLED = 3;
/** FILL_ERROR: no framebuffer is attached to the engine. */
export const FILL_ERROR_TARGET = 4;

/** Bits and codes by register, for the README and for people who print registers. */
export const regbankFields = [
  { register: 'CONTROL', name: 'CONTROL_COUNT', value: 0x1, doc: 'the counter runs' },
  { register: 'CONTROL', name: 'CONTROL_FILL', value: 0x2, doc: 'the fill engine accepts starts' },
  { register: 'CONTROL', name: 'CONTROL_RESET', value: 0x8000_0000, doc: 'resets every register; reads as 0' },
  { register: 'STATUS', name: 'STATUS_DONE', value: 0x1, doc: 'a fill ended and its pixels are in memory' },
  { register: 'STATUS', name: 'STATUS_ERROR', value: 0x2, doc: 'a start was refused, nothing was drawn' },
  { register: 'FILL_STATE', name: 'FILL_BUSY', value: 0x1, doc: 'a fill is under way' },
  { register: 'FILL_ERROR', name: 'FILL_ERROR_NONE', value: 0, doc: 'the last start was accepted, or there was none' },
  { register: 'FILL_ERROR', name: 'FILL_ERROR_BOUNDS', value: 1, doc: 'the rectangle is not wholly inside the visible area' },
  { register: 'FILL_ERROR', name: 'FILL_ERROR_BUSY', value: 2, doc: 'another fill was under way' },
  { register: 'FILL_ERROR', name: 'FILL_ERROR_DISABLED', value: 3, doc: 'CONTROL_FILL was clear' },
  { register: 'FILL_ERROR', name: 'FILL_ERROR_TARGET', value: 4, doc: 'no framebuffer is attached' },
] as const;

/** Options of the device, as `--device regbank:counter=...` takes them. */
export const regbankOptions = [
  { name: 'framebuffer', kind: 'text', default: 'fb0', help: 'the framebuffer that the fill engine draws on, by its name in /dev; none for no framebuffer' },
  { name: 'counter', kind: 'number', default: 0, min: 0, max: 0x1f_ffff_ffff_ffff, help: 'value at which the counter starts' },
  { name: 'fillns', kind: 'number', default: 0, min: 0, max: 1_000_000, help: 'virtual nanoseconds to fill one pixel; 0 ends every fill at once' },
] as const;

/** ioctl(2): puts the bank into its reset state. No argument; needs a descriptor open for writing (EBADF). */
export const RBIOCRESET = 0x5201;
/** ioctl(2): copies `struct rb_fill` in, fills the rectangle and returns when it is done: EINVAL for a bad rectangle, EBADF unless open for writing. */
export const RBIOCFILL = 0x5202;
/** Bytes of `struct rb_fill`. */
export const RB_FILL_SIZE = 20;
/** `struct rb_fill`, in the order of its members, and the register each goes to; little-endian, naturally aligned. */
export const rbFill = [
  { name: 'rb_x', register: 'FILL_X', offset: 0, size: 4, doc: 'leftmost pixel' },
  { name: 'rb_y', register: 'FILL_Y', offset: 4, size: 4, doc: 'topmost line' },
  { name: 'rb_width', register: 'FILL_WIDTH', offset: 8, size: 4, doc: 'pixels in a line' },
  { name: 'rb_height', register: 'FILL_HEIGHT', offset: 12, size: 4, doc: 'lines' },
  { name: 'rb_colour', register: 'FILL_COLOUR', offset: 16, size: 4, doc: 'pixel in the format of the framebuffer' },
] as const;
