/** The framebuffer's hardware: geometry, registers, placement, and what a screenshot makes of the bytes. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FramebufferDevice, type FramebufferOptions } from '../../drivers/framebuffer/device.js';
import { FB, FB_RSET_MEMORY, FB_RSET_REGISTERS, type PixelFormatName } from '../../drivers/framebuffer/registers.js';
import { encodePng } from '../../src/cli/png.js';
import { decodePng } from '../cli/png-decoder.js';
import { Board, Window } from './placed.js';

const placed = (options: FramebufferOptions): { fb: FramebufferDevice; board: Board; memory: Window; registers: Window; base: number; size: number } => {
  const board = new Board();
  const fb = new FramebufferDevice(options);
  const ranges = board.place(fb);
  const range = ranges[FB_RSET_MEMORY];
  return { fb, board, memory: new Window(board, range), registers: new Window(board, ranges[FB_RSET_REGISTERS]), base: range?.base ?? 0, size: range?.size ?? 0 };
};

/** Colours every format must show exactly: black, white, and each primary at full. */
const primaries: readonly (readonly [PixelFormatName, bigint, readonly number[]])[] = [
  ['xrgb8888', 0x00000000n, [0, 0, 0]], ['xrgb8888', 0xffffffffn, [255, 255, 255]], ['xrgb8888', 0x00ff0000n, [255, 0, 0]],
  ['xrgb8888', 0xff00ff00n, [0, 255, 0]], ['xrgb8888', 0x000000ffn, [0, 0, 255]], ['xrgb8888', 0x00123456n, [0x12, 0x34, 0x56]],
  ['xbgr8888', 0x000000ffn, [255, 0, 0]], ['xbgr8888', 0x0000ff00n, [0, 255, 0]], ['xbgr8888', 0x00ff0000n, [0, 0, 255]], ['xbgr8888', 0x00563412n, [0x12, 0x34, 0x56]],
  ['rgb565', 0x0000n, [0, 0, 0]], ['rgb565', 0xffffn, [255, 255, 255]], ['rgb565', 0xf800n, [255, 0, 0]], ['rgb565', 0x07e0n, [0, 255, 0]], ['rgb565', 0x001fn, [0, 0, 255]],
  // 3/31, 7/63 and 28/31 of 255 are 24.68, 28.33 and 230.32: rounded to the nearest, not cut or bit-repeated.
  ['rgb565', (3n << 11n) | (7n << 5n) | 28n, [25, 28, 230]],
  ['gray8', 0x00n, [0]], ['gray8', 0x80n, [0x80]], ['gray8', 0xffn, [255]],
];
const bytesOf: Readonly<Record<PixelFormatName, 1 | 2 | 4>> = { xrgb8888: 4, xbgr8888: 4, rgb565: 2, gray8: 1 };

describe('pixel formats', () => {
  it.each(primaries)('%s shows pixel %s as %s', (format, pixel, samples) => {
    const { fb, memory } = placed({ width: 3, height: 2, format });
    memory.store(fb.geometry.stride + bytesOf[format], pixel, bytesOf[format]);
    const { channels, pixels } = fb.screenshot();
    const at = (3 + 1) * channels;
    expect([...pixels.subarray(at, at + channels)]).toEqual(samples);
  });

  it.each(['xrgb8888', 'xbgr8888', 'rgb565', 'gray8'] as const)('%s: no pixel leaks into its neighbours, and unwritten ones are black', (format) => {
    const { fb, memory } = placed({ width: 5, height: 4, format });
    const bytes = bytesOf[format];
    memory.store(2 * fb.geometry.stride + 3 * bytes, 2n ** BigInt(bytes * 8) - 1n, bytes);
    const { channels, pixels } = fb.screenshot();
    const lit = Array.from({ length: 20 }, (_, i) => i).filter((i) => pixels.subarray(i * channels, (i + 1) * channels).some((v) => v !== 0));
    expect(lit).toEqual([2 * 5 + 3]);
    expect([...pixels.subarray(13 * channels, 14 * channels)]).toEqual(Array.from({ length: channels }, () => 255));
  });

  it('bytes between the end of a line and the stride are not shown', () => {
    const { fb, memory } = placed({ width: 5, height: 2, format: 'gray8' });
    expect(fb.geometry.stride).toBe(64);
    for (let at = 5; at < 64; at++) memory.store(at, 0xff, 1);
    expect([...fb.screenshot().pixels]).toEqual(Array.from({ length: 10 }, () => 0));
  });
});

describe('screenshot', () => {
  it('of any RGB picture comes back unchanged through the PNG file', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 12 }), fc.integer(), (width, height, seed) => {
      const { fb, memory } = placed({ width, height });
      const expected: number[] = [];
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const rgb = Math.imul(seed + y * 131 + x, 0x9e3779b1) & 0xffffff;
          expected.push(rgb >> 16, (rgb >> 8) & 0xff, rgb & 0xff);
          memory.store(y * fb.geometry.stride + x * 4, rgb);
        }
      }
      const decoded = decodePng(encodePng(fb.screenshot()));
      expect([decoded.width, decoded.height, decoded.channels]).toEqual([width, height, 3]);
      expect([...decoded.pixels]).toEqual(expected);
    }), { seed: 8, numRuns: 20 });
  });

  it('of a gray picture is a gray PNG', () => {
    const { fb, memory } = placed({ width: 3, height: 1, format: 'gray8' });
    [0x10, 0x80, 0xff].forEach((value, x) => memory.store(x, value, 1));
    const { channels, pixels } = decodePng(encodePng(fb.screenshot()));
    expect([channels, [...pixels]]).toEqual([1, [0x10, 0x80, 0xff]]);
  });

  it('backs no page that was never drawn on', () => {
    const { fb } = placed({});
    fb.screenshot();
    expect(fb.memory.backedPages).toBe(0);
  });

  it('before the device is part of a machine is a bug of ours, not a black picture', () => {
    expect(() => new FramebufferDevice().screenshot()).toThrow('not part of a machine');
  });
});

describe('registers', () => {
  it('describe the geometry', () => {
    const { registers, size } = placed({ width: 100, height: 50, format: 'rgb565' });
    const word = (offset: number): bigint | undefined => registers.load(offset);
    expect([word(FB.ID), word(FB.VERSION), word(FB.WIDTH), word(FB.HEIGHT), word(FB.STRIDE), word(FB.FORMAT), word(FB.BITS)])
      .toEqual([0x42464453n, 0x10000n, 100n, 50n, 256n, 2n, 16n]);
    expect(registers.load(FB.MEMORY, 8)).toBe(BigInt(size));
  });

  it('do not change when written, and the attempt is on record', () => {
    const { registers, board } = placed({});
    registers.store(FB.WIDTH, 7);
    expect(registers.load(FB.WIDTH)).toBe(1024n);
    expect(board.takeTrace().join('\n')).toContain('register-read-only');
  });

  it('are traced by name', () => {
    const { registers, board } = placed({});
    registers.load(FB.HEIGHT);
    expect(board.takeTrace()).toEqual(['reg.read device=framebuffer register=HEIGHT size=0x4 value=0x300']);
  });

  it.each([[1], [2]] as const)('answer no access of %i bytes', (size) => {
    expect(placed({}).registers.load(FB.ID, size)).toBeUndefined();
  });

  it('leave the rest of their page without an answer', () => {
    expect(placed({}).registers.load(0x100)).toBeUndefined();
  });
});

describe('placement', () => {
  const M2 = 2 ** 21;
  it.each([
    [{ width: 640, height: 480 }, 4096, 640 * 480 * 4],
    [{}, M2, 2 * M2],
    [{ width: 2048, height: 2048 }, M2, 16 * 2 ** 20],
    [{ align: '4k' }, 4096, 3 * 2 ** 20],
    [{ width: 64, height: 64, align: '2m' }, M2, M2],
    [{ width: 64, height: 64, align: '1g' }, 2 ** 30, M2],
    [{ width: 16384, height: 16384 }, 2 ** 30, 2 ** 30],
  ] as const)('%o begins on a multiple of %i and is %i bytes long', (options, align, size) => {
    const { base, size: actual } = placed(options);
    expect(base % align).toBe(0);
    expect(actual).toBe(size);
  });

  it('at a base that was asked for is exactly there, 4K off a large page', () => {
    const { base, size } = placed({ width: 2048, height: 2048, base: 0x4000_0000_00 + M2 + 4096 });
    expect([base, size]).toEqual([0x4000_0000_00 + M2 + 4096, 16 * 2 ** 20]);
  });

  it('that would end beyond the physical address space is refused by name', () => {
    expect(() => placed({ base: 2 ** 46 - 4096 })).toThrow(/framebuffer\.memory/);
  });

  it('at a base inside RAM is refused, naming both', () => {
    expect(() => placed({ base: 0x8000_0000 })).toThrow(/framebuffer.*RAM|RAM.*framebuffer/);
  });
});
