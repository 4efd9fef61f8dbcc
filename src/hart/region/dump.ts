/** Regions as text, their blocks beside their guest code, for people who look for what was compiled and how. */
import { hex } from '../../base/index.js';
import { disassemble } from '../disassemble.js';
import { type Block, NOWHERE, OUTSIDE } from './blocks.js';
import { pageOf } from './guest-code.js';
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
  const { plan, slot, origin } = region;
  const lines = [`region ${slot}: ${plan.instructions} instructions, ${plan.blocks.length} blocks, ${plan.pages.size} pages, entered ${source.calls(region)} times`];
  plan.blocks.forEach((block, n) => {
    const notes = [block.entry ? ', entry' : '', block.copied ? ', copy' : '', block.asks ? `, asks ${block.need}` : '', jump(', jumps to', block.taken, origin + block.takenTo), jump(', returns to', block.returnsTo, origin + block.returnAddress)];
    lines.push(`  block ${n}${notes.join('')}${block.next === n + 1 ? '' : jump(', goes on to', block.next, origin + block.end)}`);
    lines.push(...instructions(block, region, source));
  });
  return lines;
}

const jump = (verb: string, to: number, address: number): string =>
  to === NOWHERE ? '' : to === OUTSIDE ? `${verb} ${hex(address)}` : `${verb} block ${to} (${hex(address)})`;

function instructions(block: Block, { plan, origin }: Region, source: DumpSource): string[] {
  const { u16 } = source;
  const host = source.hostOf(plan.pages.get(pageOf(block.at))!) >>> 0;
  let at = block.at;
  return block.code.map(({ length, secondParcel }) => {
    const parcel = (host + (at & 0xfff)) >>> 1;
    const second = length === 2 ? 0 : secondParcel >= 0 ? secondParcel : u16[parcel + 1]!;
    const line = `    ${hex(origin + at)}  ${disassemble(u16[parcel]! | (second << 16), origin + at)}`;
    at += length;
    return line;
  });
}
