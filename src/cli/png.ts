/**
 * PNG files (ISO/IEC 15948): 8 bits a sample, gray, RGB or RGBA, one image, no ancillary chunks.
 *
 * Deterministic: the same pixels give the same bytes under the same zlib.
 */
import { crc32, deflateSync } from 'node:zlib';

/** An image in memory: rows from top to bottom without gaps, `channels` bytes a pixel. */
export interface Image {
  /** Pixels in a row, 1 to 2^31 - 1. */
  readonly width: number;
  /** Rows, 1 to 2^31 - 1. */
  readonly height: number;
  /** Samples a pixel: 1 gray, 3 red green blue, 4 red green blue alpha. */
  readonly channels: 1 | 3 | 4;
  /** `width * height * channels` bytes. */
  readonly pixels: Uint8Array;
}

const SIGNATURE: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const SIDE_MAX = 2 ** 31 - 1;
/** Colour type by number of channels, section 11.2.1. */
const COLOUR_TYPE: Readonly<Record<Image['channels'], number>> = { 1: 0, 3: 2, 4: 6 };

const FILTER_NONE = 0;
const FILTER_SUB = 1;
const FILTER_UP = 2;

/**
 * Encodes an image.
 * @throws RangeError when a side is out of range, or `pixels` has not the length the sides ask for
 */
export function encodePng(image: Image): Uint8Array {
  const { width, height, channels, pixels } = image;
  for (const [name, side] of [['width', width], ['height', height]] as const) {
    if (!Number.isInteger(side) || side < 1 || side > SIDE_MAX) throw new RangeError(`png: ${name} ${side} is not in 1..${SIDE_MAX}`);
  }
  if (COLOUR_TYPE[channels] === undefined) throw new RangeError(`png: channels ${String(channels)} is not 1, 3 or 4`);
  if (pixels.length !== width * height * channels) {
    throw new RangeError(`png: ${pixels.length} bytes of pixels for ${width}x${height}x${channels}`);
  }
  return Buffer.concat([
    Buffer.from(SIGNATURE),
    chunk('IHDR', header(width, height, COLOUR_TYPE[channels])),
    chunk('IDAT', deflateSync(filterRows(image), { level: 6 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** Image header, section 11.2.1: sides, bit depth 8, colour type, and the only compression, filter and interlace methods we use. */
function header(width: number, height: number, colourType: number): Uint8Array {
  const bytes = new Uint8Array(13);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  bytes[8] = 8;
  bytes[9] = colourType;
  return bytes;
}

/** One chunk, section 5.3: length, type, data, and the CRC of type and data. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(Buffer.from(type, 'latin1'), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** The rows as zlib shall see them: each behind its filter type, chosen by the smallest sum of absolute differences (section 12.7). */
function filterRows({ width, height, channels, pixels }: Image): Uint8Array {
  const rowBytes = width * channels;
  const out = new Uint8Array(height * (rowBytes + 1));
  const none = new Uint8Array(rowBytes);
  const sub = new Uint8Array(rowBytes);
  const up = new Uint8Array(rowBytes);
  let above: Uint8Array = new Uint8Array(rowBytes);
  for (let y = 0; y < height; y++) {
    const row = pixels.subarray(y * rowBytes, (y + 1) * rowBytes);
    none.set(row);
    for (let i = 0; i < rowBytes; i++) {
      const value = row[i] ?? 0;
      sub[i] = value - (i < channels ? 0 : (row[i - channels] ?? 0));
      up[i] = value - (above[i] ?? 0);
    }
    const [type, best] = smallest([[FILTER_NONE, none], [FILTER_SUB, sub], [FILTER_UP, up]]);
    const at = y * (rowBytes + 1);
    out[at] = type;
    out.set(best, at + 1);
    above = row;
  }
  return out;
}

type Candidate = readonly [type: number, row: Uint8Array];

function smallest(candidates: readonly [Candidate, ...Candidate[]]): Candidate {
  let best = candidates[0];
  let least = Infinity;
  for (const candidate of candidates) {
    let sum = 0;
    for (const byte of candidate[1]) sum += byte < 128 ? byte : 256 - byte;
    if (sum < least) {
      least = sum;
      best = candidate;
    }
  }
  return best;
}
