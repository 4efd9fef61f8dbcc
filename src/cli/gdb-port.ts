/** The socket a debugger connects to: one connection, on this host only. */
import type { AddressInfo, Server, Socket } from 'node:net';
import type { DebugTarget, Progress } from '../debug/index.js';
import { GdbSession } from '../debug/index.js';
import { now } from './host.js';
import { writeAll } from './output.js';
import { UsageError } from './usage-error.js';

/** How long the guest runs before the event loop may deliver what the debugger says. */
const SLICE_MS = 20;
/** The machine asks after every turn and trap; the clock is read every so many times. */
const ASK_CLOCK = 32;

/** How debugging has ended: the target's run is over, the debugger has let go or has killed the guest, or the user has pressed Ctrl-C. */
export type Debugged = 'over' | 'detached' | 'killed' | 'interrupted';

/** What the loop waits for besides the debugger. */
export interface DebugPortOptions {
  readonly target: DebugTarget;
  /** TCP port; 0 picks a free one. */
  readonly port: number;
  /** Whether the guest must stop for a reason of the caller's. */
  readonly failed: () => boolean;
  /** Takes what wakes the loop when the guest's input has arrived. */
  readonly onInput: (wake: () => void) => void;
}

/** Starts to listen. Throws UsageError where the port cannot be had. */
async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new UsageError(`--gdb: cannot listen on port ${port}: ${error.code ?? error.message}`)));
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** A loop that sleeps between events and is woken by them. */
class Alarm {
  #wake = (): void => {};
  readonly wake = (): void => this.#wake();

  /** Sleeps until `wake`, or only until the event loop has had its turn. */
  sleep(untilWoken: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (!untilWoken) setImmediate(resolve);
    });
  }
}

/**
 * Listens, prints where, waits for a debugger and serves it until debugging is over. The guest executes nothing before the
 * debugger says so.
 */
export async function serveDebugger(o: DebugPortOptions): Promise<Debugged> {
  const { createServer } = process.getBuiltinModule('node:net');
  const alarm = new Alarm();
  let session: GdbSession | undefined;
  let stop = false;
  let connection: Socket | undefined;
  const server = createServer((socket) => {
    if (connection !== undefined) {
      socket.destroy();
      return;
    }
    connection = socket;
    socket.setNoDelay(true);
    session = connect(socket, o.target, alarm.wake);
  });
  const interrupt = (): void => {
    stop = true;
    alarm.wake();
  };
  await listen(server, o.port);
  writeAll(2, Buffer.from(`segdev: waiting for a debugger: target remote 127.0.0.1:${(server.address() as AddressInfo).port}\n`));
  process.once('SIGINT', interrupt);
  o.onInput(alarm.wake);
  try {
    for (;;) {
      if (stop || o.failed()) return 'interrupted';
      if (session?.ended !== undefined) return session.ended;
      const progress = session?.running === true ? runSlice(session, o.failed) : undefined;
      if (progress?.kind === 'over' || (progress?.kind === 'event' && o.target.over)) return 'over';
      if (progress?.kind !== 'event') await alarm.sleep(progress?.kind !== 'slice');
    }
  } finally {
    process.removeListener('SIGINT', interrupt);
    server.close();
    connection?.destroySoon();
  }
}

function connect(socket: Socket, target: DebugTarget, wake: () => void): GdbSession {
  const session = new GdbSession(target, (bytes) => void socket.write(bytes));
  socket.on('data', (bytes: Buffer) => {
    session.receive(bytes);
    wake();
  });
  // A connection that breaks ends by `close` as well.
  socket.on('error', () => {});
  socket.on('close', () => {
    session.disconnected();
    wake();
  });
  return session;
}

function runSlice(session: GdbSession, failed: () => boolean): Progress {
  const until = now() + SLICE_MS;
  let asked = 0;
  return session.run(() => failed() || (++asked % ASK_CLOCK === 0 && now() > until));
}
