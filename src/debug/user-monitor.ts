/** Monitor commands of a Linux-like machine: processes, mappings, page tables, TLBs, device registers. */
import { USER_END } from '../base/index.js';
import type { Machine } from '../machine/index.js';
import { mappingsReport } from './mappings-report.js';
import { doMonitorCommand, type MonitorCommand, parseMonitorNumber } from './monitor.js';
import { pageTableReport, walkReport } from './page-table-report.js';
import { tlbReport } from './tlb-report.js';
import { accessDevice, type DebuggedMemory } from './user-memory.js';

interface Context {
  readonly machine: Machine;
  /** The process of the debugger's current thread. */
  readonly memory: DebuggedMemory | undefined;
}

const NO_PROCESS = 'no process is selected';

const userAddress = (text: string | undefined): number | undefined => {
  const address = parseMonitorNumber(text);
  return address !== undefined && address < BigInt(USER_END) ? Number(address) : undefined;
};

const isSize = (size: number): size is 1 | 2 | 4 | 8 => size === 1 || size === 2 || size === 4 || size === 8;

/** One access to a device register, of a width the user names, because both matter to the device. */
function device({ memory }: Context, args: readonly string[], writes: boolean): string {
  const [addressText, sizeText = '4', valueText] = args;
  const address = userAddress(addressText);
  const size = Number(parseMonitorNumber(sizeText) ?? 0n);
  const value = parseMonitorNumber(valueText);
  if (memory === undefined) return NO_PROCESS;
  if (address === undefined || !isSize(size) || writes !== (value !== undefined)) return `an address, a size of 1, 2, 4 or 8${writes ? ', a value' : ''}`;
  const outcome = accessDevice(memory, address, size, value);
  return typeof outcome === 'string' ? outcome : writes ? 'written' : `0x${outcome.toString(16).padStart(2 * size, '0')}`;
}

const COMMANDS: Readonly<Record<string, MonitorCommand<Context>>> = {
  processes: {
    usage: '', help: 'the processes of the machine',
    run: ({ machine }) => machine.processes().map((process) => {
      const { parent, zombie } = process.proc;
      return `${process.pid} ${process.name}${parent === undefined ? '' : `, child of ${parent.pid}`}${zombie ? ', ended' : ''}`;
    }).join('\n'),
  },
  mappings: {
    usage: '', help: 'the segments of the process; of devices with driver, offset and devmap handles',
    run: ({ memory }) => (memory === undefined ? NO_PROCESS : mappingsReport(memory.process)),
  },
  pagetable: {
    usage: '[ADDRESS]', help: 'the page tables of the process, or the walk of one address',
    run: ({ memory }, [text]) => {
      if (memory === undefined) return NO_PROCESS;
      const { rootPfn } = memory.process.proc.as.hat;
      if (text === undefined) return pageTableReport(memory.bus, rootPfn);
      const address = userAddress(text);
      return address === undefined ? `${text} is no user address` : walkReport(memory.bus, rootPfn, address);
    },
  },
  tlb: { usage: '', help: 'the TLB of each hart', run: ({ machine }) => tlbReport(machine.harts) },
  'device-read': { usage: 'ADDRESS [SIZE]', help: 'read a device register; SIZE 1, 2, 4 or 8 bytes, default 4', run: (context, args) => device(context, args, false) },
  'device-write': { usage: 'ADDRESS SIZE VALUE', help: 'write a device register', run: (context, args) => device(context, args, true) },
};

/** Does a monitor command and returns its output. */
export const userMonitor = (context: Context, line: string): string => doMonitorCommand(COMMANDS, context, line);
