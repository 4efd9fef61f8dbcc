/** Says why a process died: the mapping its access hit or missed, and all registers. */
import { PAGESIZE, USER_END, hex } from '../base/index.js';
import { as_segat } from '../vm/index.js';
import type { Seg } from '../vm/index.js';
import type { GuestDeath, RegisterValue } from './death.js';
import type { FaultRecord } from './fault-signal.js';
import type { Labels } from './labels.js';
import { STACK_SIZE } from './layout.js';
import { linuxSignal } from './linux-abi.js';
import type { Lwp } from './lwp.js';
import { protOf, protText } from './mappings.js';
import type { Proc } from './proc.js';
import { codeName, signalName } from './signals.js';
import type { SigInfo } from './signals.js';

const ABI_NAMES: readonly string[] = [
  'zero', 'ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 's0', 's1', 'a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7',
  's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9', 's10', 's11', 't3', 't4', 't5', 't6',
];

const SP = 2;
const unsigned = (n: bigint): bigint => BigInt.asUintN(64, n);

/** The report of a process that dies by `info` with the registers of `lwp`. */
export function describeDeath(lwp: Lwp, info: SigInfo, fault: FaultRecord | undefined): GuestDeath {
  const { proc } = lwp;
  const { pc64: pc } = lwp;
  const place = proc.image?.symbolAt(lwp.pc);
  const registers: RegisterValue[] = [{ name: 'pc', value: unsigned(pc) }];
  for (let n = 1; n < 32; n++) registers.push({ name: ABI_NAMES[n] ?? `x${n}`, value: unsigned(lwp.x(n)) });
  const addr = info.addr === undefined ? undefined : unsigned(info.addr);
  const found = addr === undefined ? { mapping: '', reason: '' } : explain(proc, addr, fault?.access, Number(lwp.x(SP)));
  return {
    pid: proc.pid,
    process: proc.name,
    signal: linuxSignal(info.signal),
    signalName: signalName(info.signal),
    code: info.pid === undefined ? codeName(info.signal, info.code) : `sent by process ${info.pid}`,
    pc: unsigned(pc),
    symbol: place === undefined ? undefined : place.offset === 0 ? place.name : `${place.name}+${hex(place.offset)}`,
    access: fault?.access,
    addr,
    mapping: found.mapping,
    reason: fault === undefined || fault.reason === '' ? found.reason : fault.reason,
    registers,
  };
}

/** One mapping in words: its range, protection and name. */
function mappingText(seg: Seg, labels: Labels): string {
  const name = labels.at(seg.base) ?? 'anonymous memory';
  return `[${hex(seg.base)}, ${hex(seg.base + seg.size)}) ${protText(protOf(seg, seg.base))} ${name}`;
}

/** An access this far below the stack is taken for an overflow of it. */
const STACK_REACH = 2 ** 20;

/** An access this close to the stack pointer is one of the stack's; a frame may be large. */
const NEAR_SP = 2 ** 16;
const nearStack = (at: number, sp: number): boolean => Math.abs(at - sp) < NEAR_SP;

const needed = { load: 'r', store: 'w', fetch: 'x' } as const;
const doing = { load: 'read', store: 'write', fetch: 'execute' } as const;

function explain(proc: Proc, addr: bigint, access: 'load' | 'store' | 'fetch' | undefined, sp: number): { mapping: string; reason: string } {
  if (addr >= BigInt(USER_END)) {
    const kernel = addr >= 2n ** 64n - BigInt(USER_END);
    const reason = kernel ? 'the address belongs to the kernel' : 'the address is not canonical: bits 63..39 must equal bit 38';
    return { mapping: '', reason };
  }
  const at = Number(addr);
  const seg = as_segat(proc.as, at);
  if (seg === undefined) return explainGap(proc, at, sp);
  const prot = protText(protOf(seg, at));
  const page = `page ${hex(Math.floor(at / PAGESIZE) * PAGESIZE)} is ${prot}`;
  const mapping = `in ${mappingText(seg, proc.labels)}${prot === protText(protOf(seg, seg.base)) ? '' : `, ${page}`}`;
  if (access !== undefined && !prot.includes(needed[access])) {
    // A thread's stack ends in a page that nobody may touch.
    if (prot === '---' && nearStack(at, sp)) return { mapping, reason: 'the stack of this thread has overflowed into the guard page below it' };
    return { mapping, reason: `the mapping does not allow to ${doing[access]}: it is ${prot}` };
  }
  return { mapping, reason: 'the mapping allows the access, but what is behind it refused' };
}

function explainGap(proc: Proc, at: number, sp: number): { mapping: string; reason: string } {
  let below: Seg | undefined;
  let above: Seg | undefined;
  for (const seg of proc.as.segs) {
    if (seg.base + seg.size <= at) below = seg;
    else above ??= seg;
  }
  const lines = ['in no mapping'];
  if (below !== undefined) lines.push(`${hex(at - (below.base + below.size) + 1)} bytes after ${mappingText(below, proc.labels)}`);
  if (above !== undefined) lines.push(`${hex(above.base - at)} bytes before ${mappingText(above, proc.labels)}`);
  const hole = proc.labels.holeAt(at);
  if (hole !== undefined) {
    const reason = `the address lies in the hole cut by munmap between ${hex(hole.base)} and ${hex(hole.end)}`;
    return { mapping: lines.join('\n'), reason };
  }
  if (at < PAGESIZE) return { mapping: lines.join('\n'), reason: 'a null pointer: the first page is never mapped' };
  if (above !== undefined && proc.labels.at(above.base) === '[stack]' && above.base - at <= STACK_REACH) {
    const overflow = nearStack(at, sp) && sp < above.base + NEAR_SP;
    const reason = overflow ? `the stack has overflowed: all its ${STACK_SIZE / 2 ** 20} MiB are used` : 'the address lies below the stack: the stack has overflowed, or the pointer is wild';
    return { mapping: lines.join('\n'), reason };
  }
  return { mapping: lines.join('\n'), reason: 'nothing was ever mapped there' };
}
