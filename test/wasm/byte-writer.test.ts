import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../src/wasm/index.js';

/** LEB128 decoders written from the definition, on bigint. */
function decode(bytes: Uint8Array, signed: boolean): bigint {
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
  }
  return signed ? BigInt.asIntN(Number(shift), value) : value;
}

const written = (write: (to: ByteWriter) => void): Uint8Array => {
  const to = new ByteWriter();
  write(to);
  return to.view();
};

describe('variable-length integers', () => {
  const edges32 = [0, 1, 63, 64, 127, 128, 8191, 8192, 2 ** 31 - 1];

  it('unsigned: reads back as what was written, up to 2^32-1', () => {
    for (const n of [...edges32, 2 ** 31, 2 ** 32 - 1]) expect(decode(written((w) => w.unsigned(n)), false)).toBe(BigInt(n));
  });

  it('signed 32: reads back with its sign', () => {
    for (const n of edges32.flatMap((edge) => [edge, -edge, ~edge])) expect(decode(written((w) => w.signed(n)), true)).toBe(BigInt(n));
  });

  it('signed 64: reads back at the ends of the range and around every 7-bit step', () => {
    const values = Array.from({ length: 63 }, (_, n) => 2n ** BigInt(n)).flatMap((v) => [v, v - 1n, -v, -v - 1n]);
    for (const v of [...values, 2n ** 63n - 1n, -(2n ** 63n)]) expect(decode(written((w) => w.signed64(v)), true)).toBe(v);
  });

  it('uses the shortest form, as the specification expects of indices', () => {
    expect(written((w) => w.unsigned(127))).toHaveLength(1);
    expect(written((w) => w.unsigned(128))).toHaveLength(2);
    expect(written((w) => w.signed(-64))).toHaveLength(1);
    expect(written((w) => w.signed(64))).toHaveLength(2);
  });
});

describe('growing', () => {
  it('keeps everything when the buffer grows, by single bytes and by appending', () => {
    const big = new ByteWriter();
    for (let n = 0; n < 5000; n++) big.byte(n & 255);
    const all = written((w) => {
      w.byte(7);
      w.append(big);
      w.name('end');
    });
    expect(all).toHaveLength(1 + 5000 + 4);
    expect(all[0]).toBe(7);
    expect(all[4321]).toBe(4320 & 255);
    expect(String.fromCharCode(...all.slice(-3))).toBe('end');
  });
});
