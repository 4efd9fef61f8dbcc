/** Regions as text, their blocks beside their guest code, for people who look for what was compiled and how. */
import { hex } from '../../base/index.js';
import { disassemble } from '../disassemble.js';
import { Handler } from '../handlers.js';
import { Decoded, DECODED_SHIFT } from '../layout.js';
import { NOWHERE, OUTSIDE } from './compiler/blocks.js';
import { BlockFlag, BlockWord } from './compiler/compiler.js';
import type { Region } from './region-table.js';

/** What a dump needs to know of the machine. */
export interface DumpSource {
  readonly u16: Uint16Array;
  /** Linear address of the page a decoded page belongs to. */
  hostOf(page: number): number;
  /** How often the interpreter has entered a region. */
  calls(region: Region): number;
}

/**
 * The lines of one region: a head with its size and how often it was entered; for each block its address, `entry` where it can be
 * entered, `asks N` where it leaves unless N instructions are left of the quantum, where it goes, and its instructions, read from memory
 * as it is now.
 */
export function dumpRegion(region: Region, source: DumpSource): string[] {
  const { plan, slot } = region;
  const lines = [`region ${slot}: ${plan.instructions} instructions, ${plan.blocks} blocks, ${plan.pages.size} pages, entered ${source.calls(region)} times`];
  for (let n = 0; n < plan.blocks; n++) {
    lines.push(headOf(region, n));
    lines.push(...instructions(region, n, source));
  }
  return lines;
}

function headOf({ origin, plan }: Region, n: number): string {
  const goes = (verb: string, to: number, address: number): string => jump(verb, plan.word(n, to), origin + plan.word(n, address));
  return [
    `  block ${n}`,
    plan.has(n, BlockFlag.entry) ? ', entry' : '',
    plan.has(n, BlockFlag.copied) ? ', copy' : '',
    plan.has(n, BlockFlag.asks) ? `, asks ${plan.word(n, BlockWord.need)}` : '',
    goes(', jumps to', BlockWord.taken, BlockWord.takenTo),
    goes(', returns to', BlockWord.returnsTo, BlockWord.returnAddress),
    plan.word(n, BlockWord.next) === n + 1 ? '' : goes(', goes on to', BlockWord.next, BlockWord.end),
  ].join('');
}

const jump = (verb: string, to: number, address: number): string =>
  to === NOWHERE ? '' : to === OUTSIDE ? `${verb} ${hex(address)}` : `${verb} block ${to} (${hex(address)})`;

function instructions({ plan, origin }: Region, n: number, source: DumpSource): string[] {
  const { u16 } = source;
  const first = plan.word(n, BlockWord.at);
  const page = plan.pages.get(first >> 12)!;
  const host = source.hostOf(page) >>> 0;
  const lines: string[] = [];
  for (let at = first; at < plan.word(n, BlockWord.end);) {
    const parcel = u16[(host + (at & 0xfff)) >>> 1]!;
    const length = (parcel & 3) === 3 ? 4 : 2;
    const ip = page + ((at & 0xfff) << DECODED_SHIFT);
    const straddles = u16[(ip + Decoded.handler) >> 1] === Handler.Straddle;
    const second = length === 2 ? 0 : straddles ? u16[(ip + Decoded.secondParcel) >> 1]! : u16[((host + (at & 0xfff)) >>> 1) + 1]!;
    lines.push(`    ${hex(origin + at)}  ${disassemble(parcel | (second << 16), origin + at)}`);
    at += length;
  }
  return lines;
}
