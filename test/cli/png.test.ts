/** PNG encoding, read back by a decoder that shares no code with the encoder. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../../src/cli/png.js';
import { crc, decodePng } from './png-decoder.js';

describe('the decoder of these tests', () => {
  it('computes the CRC-32 check value of "123456789"', () => {
    expect(crc(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('reads a file that another encoder wrote (the 1x1 red pixel every tool knows)', () => {
    const file = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC', 'base64');
    const { width, height, channels, pixels } = decodePng(file);
    expect([width, height, channels, [...pixels]]).toEqual([1, 1, 3, [0xff, 0, 0]]);
  });

  it('refuses a file with one flipped bit', () => {
    const file = encodePng({ width: 4, height: 4, channels: 1, pixels: new Uint8Array(16).fill(9) });
    file[20] = (file[20] ?? 0) ^ 1;
    expect(() => decodePng(file)).toThrow('CRC of IHDR');
  });
});

describe('encodePng', () => {
  it('gives back every pixel of any image, in every number of channels', () => {
    const image = fc.record({ width: fc.integer({ min: 1, max: 17 }), height: fc.integer({ min: 1, max: 17 }), channels: fc.constantFrom(1 as const, 3 as const, 4 as const) })
      .chain((size) => {
        const length = size.width * size.height * size.channels;
        return fc.uint8Array({ minLength: length, maxLength: length }).map((pixels) => ({ ...size, pixels }));
      });
    fc.assert(fc.property(image, (original) => {
      const { width, height, channels, pixels } = decodePng(encodePng(original));
      expect({ width, height, channels, pixels }).toEqual(original);
    }), { seed: 20, numRuns: 150 });
  });

  it('writes only IHDR, IDAT and IEND, so that files do not change with time or tool', () => {
    expect(decodePng(encodePng({ width: 2, height: 1, channels: 3, pixels: new Uint8Array(6) })).chunks).toEqual(['IHDR', 'IDAT', 'IEND']);
  });

  it('gives the same bytes for the same picture', () => {
    const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7) ^ (i >> 5));
    const image = { width: 64, height: 64, channels: 3, pixels } as const;
    expect(encodePng(image)).toEqual(encodePng(image));
  });

  it('packs a plain surface far below its size', () => {
    const file = encodePng({ width: 1024, height: 768, channels: 3, pixels: new Uint8Array(1024 * 768 * 3).fill(0x40) });
    expect(file.length).toBeLessThan(10_000);
  });

  it.each([
    [{ width: 0, height: 1, channels: 3, pixels: new Uint8Array(0) }, 'width 0'],
    [{ width: 1, height: -1, channels: 3, pixels: new Uint8Array(0) }, 'height -1'],
    [{ width: 1.5, height: 1, channels: 3, pixels: new Uint8Array(0) }, 'width 1.5'],
    [{ width: 2 ** 31, height: 1, channels: 1, pixels: new Uint8Array(0) }, 'width 2147483648'],
    [{ width: 2, height: 2, channels: 2, pixels: new Uint8Array(8) }, 'channels 2'],
    [{ width: 2, height: 2, channels: 4, pixels: new Uint8Array(15) }, '15 bytes of pixels for 2x2x4'],
  ])('refuses %o, naming what is wrong', (image, reason) => {
    expect(() => encodePng(image as Parameters<typeof encodePng>[0])).toThrow(reason);
  });
});
