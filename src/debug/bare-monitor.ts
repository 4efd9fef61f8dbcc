/** Monitor commands of a bare machine: harts, memory map, page tables, TLBs, device registers. */
import { PADDR_END, USER_END, asPaddr, hex } from '../base/index.js';
import type { AccessSize, Bus } from '../bus/index.js';
import type { Hart } from '../hart/index.js';
import { READ } from '../../mmu/index.js';
import { doMonitorCommand, type MonitorCommand, parseMonitorNumber } from './monitor.js';
import { pageTableReport, walkReport } from './page-table-report.js';
import { tlbReport } from './tlb-report.js';

interface Context {
  readonly bus: Bus;
  readonly harts: readonly Hart[];
  /** The hart of the debugger's current thread. */
  readonly hart: Hart | undefined;
}

const MODES: Readonly<Record<number, string>> = { 0: 'user', 1: 'supervisor', 3: 'machine' };

/** What a hart is doing, in some words. */
export const hartText = (hart: Hart): string => `hart ${hart.id}, ${MODES[hart.traps.mode] ?? '?'} mode, ${hart.instret} instructions`;

const isSize = (size: number): size is AccessSize => size === 1 || size === 2 || size === 4 || size === 8;

/** One access to a physical address. */
function device({ bus }: Context, args: readonly string[], writes: boolean): string {
  const [address, size, value] = [parseMonitorNumber(args[0]), Number(parseMonitorNumber(args[1] ?? '4') ?? 0n), parseMonitorNumber(args[2])];
  if (address === undefined || address >= BigInt(PADDR_END) || !isSize(size) || writes !== (value !== undefined)) {
    return `a physical address, a size of 1, 2, 4 or 8${writes ? ', a value' : ''}`;
  }
  const pa = asPaddr(Number(address));
  if (value !== undefined) return bus.store(pa, size, value) ? 'written' : 'the bus answers an error';
  const read = bus.load(pa, size);
  return read === undefined ? 'the bus answers an error' : `0x${BigInt.asUintN(64, read).toString(16).padStart(2 * size, '0')}`;
}

function pageTable({ bus, hart }: Context, text: string | undefined): string {
  if (hart === undefined) return 'no hart is selected';
  if (!hart.mmu.translates(READ)) return `hart ${hart.id} does not translate`;
  if (text === undefined) return pageTableReport(bus, hart.mmu.rootPfn);
  const address = parseMonitorNumber(text);
  const va = address === undefined ? Number.NaN : Number(BigInt.asIntN(64, address));
  return va >= -USER_END && va < USER_END ? walkReport(bus, hart.mmu.rootPfn, va) : `${text} is no address`;
}

const COMMANDS: Readonly<Record<string, MonitorCommand<Context>>> = {
  harts: { usage: '', help: 'the harts', run: ({ harts }) => harts.map(hartText).join('\n') },
  memory: {
    usage: '', help: 'what answers at which physical address',
    run: ({ bus }) => bus.regions.map(({ name, kind, base, size }) => `${hex(base)}-${hex(base + size)} ${name}${kind === 'registers' ? ', registers' : ''}`).join('\n'),
  },
  pagetable: { usage: '[ADDRESS]', help: 'the page tables of the hart, or the walk of one address', run: (context, [text]) => pageTable(context, text) },
  tlb: { usage: '', help: 'the TLB of each hart', run: ({ harts }) => tlbReport(harts) },
  'device-read': { usage: 'ADDRESS [SIZE]', help: 'read a physical address; SIZE 1, 2, 4 or 8 bytes, default 4', run: (context, args) => device(context, args, false) },
  'device-write': { usage: 'ADDRESS SIZE VALUE', help: 'write a physical address', run: (context, args) => device(context, args, true) },
};

/** Does a monitor command and returns its output. */
export const bareMonitor = (context: Context, line: string): string => doMonitorCommand(COMMANDS, context, line);
