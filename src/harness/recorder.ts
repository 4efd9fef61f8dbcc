/** Every call of a driver's entry points and callbacks, as one line in the words of its author. */
import type { Trace, TraceEvent, TraceEvents, TraceKind } from '../base/index.js';
import { HandleLedger, rangeText } from './ledger.js';

/** Kinds of events that are calls into the driver, in the order DDI documentation lists them. */
const CALLS: ReadonlySet<TraceKind> = new Set<TraceKind>([
  'drv.open', 'drv.close', 'drv.ioctl', 'drv.devmap', 'drv.map', 'drv.access.enter', 'drv.ctx.enter', 'drv.dup', 'drv.unmap', 'drv.segmap.enter', 'drv.mmap',
]);

/** One call into the driver. */
export interface DriverCall {
  /** Place in the trace. */
  readonly seq: number;
  /** "map", "access", "unmap", ... */
  readonly name: string;
  /** The whole call as a line: `unmap [0x1000, 0x2000) of [0x0, 0x3000), leaving [0x0, 0x1000)`. */
  readonly text: string;
}

/** Records a machine's driver calls from its trace and keeps the ledger of handles. */
export class DriverRecorder {
  /** Every call so far, oldest first. */
  readonly calls: DriverCall[] = [];
  readonly ledger: HandleLedger = new HandleLedger();
  readonly #stop: () => void;

  constructor(trace: Trace) {
    this.#stop = trace.listen((event) => this.#see(event));
  }

  /** Stops listening. */
  close(): void {
    this.#stop();
  }

  #see(event: TraceEvent): void {
    if (CALLS.has(event.kind)) {
      const text = callText(event, this.ledger);
      this.calls.push({ seq: event.seq, name: text.split(' ', 1)[0] ?? text, text });
    }
    this.ledger.see(event);
  }
}

const failed = (result: string): string => (result === '0' ? '' : ` -> ${result}`);

const rangeOf = (ledger: HandleLedger, handle: string): string => {
  const found = ledger.rangeOf(handle);
  return found === undefined ? handle : rangeText(found.off, found.len);
};

/** The line for one event; `ledger` is as it was before it. */
function callText(event: TraceEvent, ledger: HandleLedger): string {
  switch (event.kind) {
    case 'drv.devmap': {
      const { off, len, maplen, result } = event.fields as TraceEvents['drv.devmap'];
      return `devmap ${rangeText(off, len)}${result === '0' ? `, maps ${rangeText(off, maplen)}` : failed(result)}`;
    }
    case 'drv.map': {
      const { off, len, result } = event.fields as TraceEvents['drv.map'];
      return `map ${rangeText(off, len)}${failed(result)}`;
    }
    case 'drv.access.enter':
    case 'drv.ctx.enter': {
      const { off, len, type, rw } = event.fields as TraceEvents['drv.access.enter'];
      const kind = type === 'INVAL' ? '' : ` ${type.toLowerCase()}`;
      return `${event.kind === 'drv.ctx.enter' ? 'contextmgt' : 'access'} ${rangeText(off, len)} ${rw.toLowerCase()}${kind}`;
    }
    case 'drv.dup': {
      const { handle, result } = event.fields as TraceEvents['drv.dup'];
      return `dup ${rangeOf(ledger, handle)}${failed(result)}`;
    }
    case 'drv.unmap': return unmapText(event.fields as TraceEvents['drv.unmap'], ledger);
    case 'drv.mmap': return `mmap ${rangeText((event.fields as TraceEvents['drv.mmap']).off, 1)}`;
    case 'drv.segmap.enter': {
      const { off, len } = event.fields as TraceEvents['drv.segmap.enter'];
      return `segmap ${rangeText(off, len)}`;
    }
    case 'drv.ioctl': {
      const { cmd, result } = event.fields as TraceEvents['drv.ioctl'];
      return `ioctl 0x${cmd.toString(16)}${failed(result)}`;
    }
    default: return `${event.kind.slice('drv.'.length)}${failed((event.fields as TraceEvents['drv.open']).result)}`;
  }
}

function unmapText({ handle, off, len, new1, new2 }: TraceEvents['drv.unmap'], ledger: HandleLedger): string {
  const old = ledger.rangeOf(handle);
  const start = old?.off ?? off;
  const end = old === undefined ? off + len : old.off + old.len;
  const parts = [new1 === '-' ? '' : rangeText(start, off - start), new2 === '-' ? '' : rangeText(off + len, end - off - len)].filter((part) => part !== '');
  const whole = old === undefined ? '' : ` of ${rangeText(old.off, old.len)}`;
  return parts.length === 0 ? `unmap ${rangeText(off, len)}` : `unmap ${rangeText(off, len)}${whole}, leaving ${parts.join(' and ')}`;
}
