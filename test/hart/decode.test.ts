/**
 * The decoder of generated code writes what the rows of the table say; the rows are held against an oracle in oracle-decode.test.ts.
 * Whether groups hide a row, or a form takes operands from the wrong bits, shows here.
 */
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { decode, findRow, isFull } from '../../src/hart/decode.js';
import { Handler, handlerOf } from '../../src/hart/handlers.js';
import { instantiateInterpreter, type Interpreter } from '../../src/hart/interpreter.js';
import { COMPRESSED, type Encoded, INSTRUCTIONS, matches } from '../../src/hart/isa/index.js';
import { DECODED, HART_RESERVED, State } from '../../src/hart/layout.js';
import { runs } from '../oracle/runs.js';

const never = (): never => {
  throw new Error('decoding calls nothing');
};

let interpreter: Interpreter;
let memory: DataView;

beforeAll(() => {
  const pages = HART_RESERVED >>> 16;
  const linear = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  memory = new DataView(linear.buffer);
  interpreter = instantiateInterpreter(linear, { access: never, straddle: never, perform: never });
});

/** The decoded form as the layout has it, from what the table says. */
function expected(bits: number): readonly number[] {
  const instruction = decode(bits);
  if (instruction === undefined) return [Handler.Illegal, bits | 0];
  const { row, rd, rs1, rs2, rs3, imm, length } = instruction;
  const place = rd === 0 && !row.operands.includes('fd') ? State.sink : rd * 8;
  return [handlerOf(row, rd), imm, place, rs1 * 8, rs2 * 8, rs3 * 8, length * 8];
}

/** The same from what the decoder has written. */
function written(bits: number): readonly number[] {
  const handler = interpreter.decode(DECODED, bits);
  if (handler !== memory.getUint16(DECODED, true)) expect.fail(`answers ${handler}, but writes ${memory.getUint16(DECODED, true)}`);
  const imm = memory.getInt32(DECODED + 8, true);
  if (handler === Handler.Illegal) return [handler, imm];
  return [handler, imm, memory.getUint16(DECODED + 2, true), ...[4, 5, 6, 7].map((at) => memory.getUint8(DECODED + at))];
}

const text = (bits: number, form: readonly number[]): string => `${bits.toString(16)} ${findRow(bits)?.name}: ${form.join(' ')}`;

/** The first row that matches, of all. */
const inOrder = (bits: number): Encoded | undefined => (isFull(bits) ? INSTRUCTIONS : COMPRESSED).find((row: Encoded) => matches(row, bits));

it('takes apart every compressed word', () => {
  for (let bits = 0; bits < 0x1_0000; bits++) {
    if (isFull(bits)) continue;
    if (findRow(bits) !== inOrder(bits)) expect.fail(`${bits.toString(16)} is ${inOrder(bits)?.name}`);
    const [is, ought] = [text(bits, written(bits)), text(bits, expected(bits))];
    if (is !== ought) expect.fail(`${is}, not ${ought}`);
  }
});

it('takes apart words of every row, and words at random, with any operands', () => {
  const rows = fc.constantFrom<Encoded>(...INSTRUCTIONS);
  fc.assert(fc.property(rows, fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.boolean(), (row, noise, likely) => {
    const bits = likely ? ((noise & ~row.mask) | row.match) >>> 0 : (noise | 3) >>> 0;
    expect(findRow(bits)).toBe(inOrder(bits));
    expect(text(bits, written(bits))).toBe(text(bits, expected(bits)));
  }), { numRuns: runs(6000) });
});
