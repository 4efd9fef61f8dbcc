/** An independent PNG reader for tests: strict, 8 bits a sample, checks lengths, order and CRC of every chunk. */
import { inflateSync } from 'node:zlib';

/** What the file said. */
export interface DecodedPng {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly pixels: Uint8Array;
  readonly chunks: readonly string[];
}

/** CRC-32 bit by bit, as annex D defines it. */
export function crc(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = (c & 1) === 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return (c ^ 0xffffffff) >>> 0;
}

const paeth = (a: number, b: number, c: number): number => {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
};

function unfilter(raw: Uint8Array, width: number, height: number, channels: number): Uint8Array {
  const stride = width * channels;
  if (raw.length !== height * (stride + 1)) throw new Error(`image data holds ${raw.length} bytes`);
  const out = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const type = raw[y * (stride + 1)];
    for (let i = 0; i < stride; i++) {
      const x = raw[y * (stride + 1) + 1 + i] ?? 0;
      const a = i >= channels ? (out[y * stride + i - channels] ?? 0) : 0;
      const b = y > 0 ? (out[(y - 1) * stride + i] ?? 0) : 0;
      const c = i >= channels && y > 0 ? (out[(y - 1) * stride + i - channels] ?? 0) : 0;
      const predicted = [0, a, b, (a + b) >> 1, paeth(a, b, c)][type ?? 9];
      if (predicted === undefined) throw new Error(`filter ${type}`);
      out[y * stride + i] = x + predicted;
    }
  }
  return out;
}

/** Reads a PNG file; throws with the reason when it is not a correct one. */
export function decodePng(file: Uint8Array): DecodedPng {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  if (signature.some((byte, i) => file[i] !== byte)) throw new Error('not a PNG');
  const chunks: { type: string; data: Uint8Array }[] = [];
  for (let at = 8; at < file.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (view.getUint32(at + 8 + length) !== crc(file.subarray(at + 4, at + 8 + length))) throw new Error(`CRC of ${type}`);
    chunks.push({ type, data: file.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  const first = chunks[0];
  if (first?.type !== 'IHDR' || first.data.length !== 13 || chunks.at(-1)?.type !== 'IEND') throw new Error('IHDR first, IEND last');
  const ihdr = new DataView(first.data.buffer, first.data.byteOffset, 13);
  const channels = { 0: 1, 2: 3, 6: 4 }[ihdr.getUint8(9)];
  if (ihdr.getUint8(8) !== 8 || channels === undefined || ihdr.getUint8(10) + ihdr.getUint8(11) + ihdr.getUint8(12) !== 0) throw new Error('header');
  const [width, height] = [ihdr.getUint32(0), ihdr.getUint32(4)];
  const data = Buffer.concat(chunks.filter((c) => c.type === 'IDAT').map((c) => c.data));
  return { width, height, channels, pixels: unfilter(inflateSync(data), width, height, channels), chunks: chunks.map((c) => c.type) };
}
