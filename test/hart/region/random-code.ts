/** Decoded pages full of random instructions, as the compiler of regions finds them; from a seed. */
import { Handler, handlerOf } from '../../../src/hart/handlers.js';
import { type Instruction, INSTRUCTIONS } from '../../../src/hart/isa/index.js';
import { Decoded, DECODED_PAGE, State } from '../../../src/hart/layout.js';
import { Packed } from '../../../src/hart/region/compiler/code-copies.js';
import { packedTraits } from '../../../src/hart/region/traits.js';

/** What the pages hold most: everything, far jumps, short jumps, accesses to known pages, or few jumps. */
export const STYLES = ['mixed', 'far', 'jumps', 'pages', 'straight'] as const;
export type Style = (typeof STYLES)[number];

/** Random numbers below `n`, the same ones for the same seed. */
export type Random = (n: number) => number;

export function randomFrom(seed: number): Random {
  let state = (Math.imul(seed, 7919) + 1) >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const rows = INSTRUCTIONS.filter((row) => packedTraits(handlerOf(row, 1)) >= 0);
const withFlow = (flow: Instruction['flow']): readonly Instruction[] => rows.filter((row) => row.flow === flow);
const named = (...names: readonly string[]): readonly Instruction[] => rows.filter(({ name }) => names.includes(name));
const PLAIN = withFlow('next');
const BRANCHES = withFlow('branch');
const [JAL] = withFlow('jump') as [Instruction];
const [JALR] = withFlow('jumpRegister') as [Instruction];
const UPPER = named('lui', 'auipc');
const AROUND = named('lw', 'sw', 'ld', 'sd', 'lb', 'sb', 'fld', 'fsd', 'addi', 'addiw', 'add');
const MODES = [0, 1, 2, 3, 4, 7];
/** Upper immediates at which 32 bits end. */
const EXTREMES = [0x7fff_f000, -0x8000_0000, 0x3fff_f000, 0x4000_0000, -0x4000_0000];

interface Choice { readonly row: Instruction; rd: number; rs1: number; rs2: number; rs3: number; imm: number }

/** Writes the decoded page at a place of a memory. */
export function fillPage(u8: Uint8Array, page: number, style: Style, random: Random): void {
  u8.fill(0, page, page + DECODED_PAGE);
  const view = new DataView(u8.buffer);
  for (let offset = 0; offset < 4096;) {
    const length = random(3) > 0 ? 4 : 2;
    // Some have not been executed.
    if (random(400) > 0) write(view, page + 8 * offset, length, offset + length > 4096, choose(style, random), random);
    offset += length;
  }
}

const oneOf = <T>(list: readonly T[], random: Random): T => list[random(list.length)]!;
const JUMPS: Readonly<Record<Style, number>> = { mixed: 8, far: 95, jumps: 60, pages: 4, straight: 1 };

function choose(style: Style, random: Random): Choice {
  const registers = { rd: random(32), rs1: random(32), rs2: random(32), rs3: random(32) };
  if (random(100) < JUMPS[style]) return { ...registers, ...jump(style, random) };
  if (style !== 'pages') return { row: oneOf(PLAIN, random), ...registers, imm: random(4096) - 2048 };
  const near = { rd: 5 + random(4), rs1: 5 + random(3), rs2: random(32), rs3: 0 };
  if (random(2) > 0) return { row: oneOf(UPPER, random), ...near, imm: random(2) > 0 ? (random(2 ** 20) << 12) | 0 : oneOf(EXTREMES, random) };
  return { row: oneOf(AROUND, random), ...near, imm: random(3) > 0 ? 8 * random(20) : random(4096) - 2048 };
}

function jump(style: Style, random: Random): Pick<Choice, 'row' | 'imm'> & Partial<Choice> {
  const kind = random(10);
  if (kind < 4) return { row: oneOf(BRANCHES, random), imm: 2 * (random(style === 'jumps' ? 2000 : 200) - 60) };
  if (kind < 7) {
    const near = random(3) > 0 && style !== 'far';
    return { row: JAL, rd: style === 'far' ? 1 : random(2), imm: near ? 2 * (random(400) - 100) : 4096 * (random(style === 'far' ? 60 : 8) - 4) + 2 * random(50) };
  }
  return kind < 9 ? { row: JALR, rd: 0, rs1: 1, imm: 0 } : { row: JALR, rd: random(2), imm: random(50) };
}

function write(view: DataView, ip: number, length: number, straddles: boolean, { row, rd, rs1, rs2, rs3, imm }: Choice, random: Random): void {
  const has = (...operands: readonly string[]): boolean => row.operands.some((operand) => operands.includes(operand));
  const handler = handlerOf(row, rd);
  const rounds = ((packedTraits(handler) >> Packed.rounds) & 1) !== 0;
  view.setUint16(ip + Decoded.handler, straddles ? Handler.Straddle : handler, true);
  view.setUint16(ip + Decoded.rd, has('fd') || (has('rd') && rd > 0) ? 8 * rd : State.sink, true);
  view.setUint8(ip + Decoded.rs1, has('rs1', 'fs1') ? 8 * rs1 : 0);
  view.setUint8(ip + Decoded.rs2, has('rs2', 'fs2') ? 8 * rs2 : 0);
  view.setUint8(ip + Decoded.rs3, has('fs3') ? 8 * rs3 : 0);
  view.setUint8(ip + Decoded.length, 8 * length);
  view.setInt32(ip + Decoded.imm, rounds ? oneOf(MODES, random) : imm, true);
  if (!straddles) return;
  view.setUint16(ip + Decoded.innerHandler, handler, true);
  view.setUint16(ip + Decoded.secondParcel, random(0x1_0000), true);
}
