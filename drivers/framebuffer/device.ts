/**
 * The framebuffer's hardware: video memory that somebody shows on a screen, and a page of registers that describe it.
 *
 * The memory is plain device memory: stores reach it without passing through this file. What this file adds is the
 * meaning of the bytes, for whoever takes a screenshot or draws rectangles by itself.
 */
import { LEVEL_SIZE, PAGESIZE, alignUp, asPaddr, invariant } from '../../src/base/index.js';
import { type DeviceMemory, type Hardware, type HardwareConnection, type RangeSpec, RegisterBank, type RegisterSpec, naturalAlign } from '../../src/bus/index.js';
import { OptionError, type OptionsGiven, checkOptions } from '../options.js';
import { FB_REGISTERS_SIZE, type FramebufferRegister, type PixelFormat, framebufferOptions, framebufferRegisters, pixelFormats } from './registers.js';

/** Lines start at multiples of this many bytes, as scan-out hardware likes them. */
const STRIDE_ALIGN = 64;
const MEMORY_NAME = 'memory';

/** Options of `new FramebufferDevice(...)`; see `framebufferOptions` for defaults and ranges. */
export type FramebufferOptions = OptionsGiven<typeof framebufferOptions>;

/** Shape of the picture in video memory. */
export interface FramebufferGeometry {
  /** Visible pixels in a line. */
  readonly width: number;
  /** Visible lines. */
  readonly height: number;
  /** Bytes from one line to the next, a multiple of 64. */
  readonly stride: number;
  readonly format: PixelFormat;
  /** Bytes of video memory, a multiple of the page size; the picture starts at its first byte. */
  readonly memorySize: number;
}

/** What the screen shows: rows from top to bottom without gaps, one byte a sample. */
export interface Screenshot {
  readonly width: number;
  readonly height: number;
  /** 1: gray; 3: red, green, blue. */
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** One framebuffer. Give it to a machine together with the framebuffer driver. */
export class FramebufferDevice implements Hardware {
  readonly name = 'framebuffer';
  readonly geometry: FramebufferGeometry;
  readonly ranges: readonly RangeSpec[];
  #memory: DeviceMemory | undefined;
  readonly #registers: RegisterBank;

  /** @throws OptionError when an option is out of its range. */
  constructor(options: FramebufferOptions = {}) {
    const { width, height, format: formatName, align, base } = checkOptions(this.name, framebufferOptions, options);
    const format = pixelFormats.find((f) => f.name === formatName);
    invariant(format !== undefined, 'pixel format without a row', { format: formatName });
    if (base !== undefined && base % PAGESIZE !== 0) throw new OptionError(this.name, `base must be a multiple of ${PAGESIZE}, not ${base}`);

    const stride = alignUp(width * format.bytes, STRIDE_ALIGN);
    const picture = alignUp(stride * height, PAGESIZE);
    const physicalAlign = alignmentOf(align, picture);
    // Whole large pages: a program that maps all of the memory gets nothing smaller.
    const memorySize = base === undefined ? alignUp(picture, Math.min(physicalAlign, LEVEL_SIZE[1])) : picture;
    this.geometry = { width, height, stride, format, memorySize };

    this.#registers = new RegisterBank({ device: this.name, registers: withValues(this.geometry) });
    this.ranges = [
      { kind: 'memory', name: MEMORY_NAME, size: memorySize, align: physicalAlign, ...(base === undefined ? {} : { base: asPaddr(base) }) },
      { kind: 'registers', name: 'registers', size: FB_REGISTERS_SIZE, sizes: [4, 8], window: this.#registers },
    ];
  }

  /** Called by the machine once the ranges have their place. */
  connect({ memories, trace }: HardwareConnection): void {
    this.#memory = memories.get(MEMORY_NAME);
    this.#registers.trace = trace;
  }

  /**
   * The video memory, for engines that draw by themselves and for tests.
   * @throws HarnessBug before a machine has placed the device
   */
  get memory(): DeviceMemory {
    invariant(this.#memory !== undefined, 'framebuffer is not part of a machine yet');
    return this.#memory;
  }

  /** Reads the visible picture as it is now; pixels nobody has written are black. */
  screenshot(): Screenshot {
    const { width, height, stride, format } = this.geometry;
    const channels = format.gray ? 1 : 3;
    const pixels = new Uint8Array(width * height * channels);
    const colours = (format.gray ? [format.red] : [format.red, format.green, format.blue]).map(([low, bits]) => ({ low, mask: 2 ** bits - 1, scale: scale(bits) }));
    const read = pixelReader(format.bytes);
    let out = 0;
    for (let y = 0; y < height; y++) {
      const line = this.memory.read(y * stride, width * format.bytes);
      const view = new DataView(line.buffer, line.byteOffset, line.length);
      for (let at = 0; at < line.length; at += format.bytes) {
        const word = read(view, at);
        for (const { low, mask, scale: toByte } of colours) pixels[out++] = toByte[(word >>> low) & mask] ?? 0;
      }
    }
    return { width, height, channels, pixels };
  }
}

/** Physical alignment in bytes for the `align` option and a picture of `size` bytes. */
function alignmentOf(align: 'auto' | '4k' | '2m' | '1g', size: number): number {
  if (align === 'auto') return naturalAlign(size);
  return { '4k': LEVEL_SIZE[0], '2m': LEVEL_SIZE[1], '1g': LEVEL_SIZE[2] }[align];
}

/** The register rows with the values that depend on options. */
function withValues({ width, height, stride, format, memorySize }: FramebufferGeometry): RegisterSpec[] {
  const values: Partial<Record<FramebufferRegister, number>> = {
    WIDTH: width, HEIGHT: height, STRIDE: stride, FORMAT: format.code, BITS: format.bytes * 8, MEMORY: memorySize,
  };
  return framebufferRegisters.map((row) => ({ ...row, reset: BigInt(values[row.name] ?? row.reset) }));
}

/** Value of each `bits`-bit sample as a byte, rounded to the nearest: full scale is 255. */
const scale = (bits: number): Uint8Array => Uint8Array.from({ length: 2 ** bits }, (_, v) => Math.round((v * 255) / (2 ** bits - 1)));

/** Reads a little-endian pixel of `bytes` bytes. */
function pixelReader(bytes: PixelFormat['bytes']): (view: DataView, at: number) => number {
  if (bytes === 1) return (view, at) => view.getUint8(at);
  return bytes === 2 ? (view, at) => view.getUint16(at, true) : (view, at) => view.getUint32(at, true);
}
