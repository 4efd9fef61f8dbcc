import { describe, expect, it } from 'vitest';
import { EIO, ENXIO } from '../../src/base/index.js';
import { Kernel, delay } from '../../src/kernel/index.js';
import { B_DONE, B_ERROR, Buf, biodone, bioerror, biowait, bp_copyin, bufCookies, geterror, maxphys, minphys } from '../../src/ddi/index.js';

const buf = (addr: number, bcount: number, frames: number[]): Buf => Object.assign(new Buf(), { addr, bcount, frames });

describe('a request', () => {
  it('shows a device pieces of memory: neighbouring frames as one, the first and the last cut to the bytes asked for', () => {
    expect(bufCookies(buf(0x1080, 0x2000, [0x80100, 0x80101, 0x80200]))).toEqual([
      { laddress: 0x8010_0080, size: 0x1f80 }, { laddress: 0x8020_0000, size: 0x80 },
    ]);
    expect(bufCookies(buf(0x1fff, 1, [7]))).toEqual([{ laddress: 0x7fff, size: 1 }]);
    expect(bufCookies(buf(0x1fff, 2, [7, 6]))).toEqual([{ laddress: 0x7fff, size: 1 }, { laddress: 0x6000, size: 1 }]);
    expect(bufCookies(buf(0, 0, []))).toEqual([]);
  });

  it('carries an error until it is taken back; one that nobody named is EIO', () => {
    const bp = new Buf();
    expect(geterror(bp)).toBe(0);
    bioerror(bp, ENXIO);
    expect([geterror(bp), bp.flags & B_ERROR]).toEqual([ENXIO, B_ERROR]);
    bioerror(bp, 0);
    expect(geterror(bp)).toBe(0);
    bp.flags |= B_ERROR;
    expect(geterror(bp)).toBe(EIO);
  });

  it('is limited by minphys, and never made larger', () => {
    for (const [asked, granted] of [[1, 1], [maxphys, maxphys], [maxphys + 1, maxphys], [2 ** 40, maxphys]] as const) {
      const bp = buf(0, asked, []);
      minphys(bp);
      expect(bp.bcount).toBe(granted);
    }
  });

  it('wakes who waits for it, whether it ended before or after', () => {
    const kernel = new Kernel();
    const [early, late] = [new Buf(), new Buf()];
    biodone(early);
    const order: string[] = [];
    kernel.spawn('late', function* waiter() {
      order.push(`late ${yield* biowait(late)}`);
    });
    kernel.runUntilDone('early', function* waiter() {
      order.push(`early ${yield* biowait(early)}`);
      yield* delay(2);
      bioerror(late, ENXIO);
      biodone(late);
      expect(late.flags & B_DONE).toBe(B_DONE);
    });
    kernel.run();
    expect(order).toEqual(['early 0', `late ${ENXIO}`]);
  });

  it('cannot be copied from without a device, nor beyond its bytes', () => {
    expect(bp_copyin(buf(0, 16, [1]), new Uint8Array(16), 0, 16)).toBe(-1);
    expect(() => bufCookies(buf(0, -1, []))).toThrow(RangeError);
  });
});
