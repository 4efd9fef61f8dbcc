/**
 * One session of a debugger: bytes in, bytes out, and a target between them. It knows no socket and no clock: whoever has
 * them calls `receive` with what has arrived and, while `running`, `run` again and again.
 */
import { findCommand } from './commands.js';
import { Dialogue, REFUSED } from './dialogue.js';
import { encodePacket, type Incoming, PacketReader, toBytes } from './packet.js';
import { stopReply } from './stop-reply.js';
import type { DebugTarget, Progress } from './target.js';

/** A session that has begun, with everything stopped. */
export class GdbSession {
  readonly #dialogue: Dialogue;
  readonly #reader = new PacketReader();
  readonly #write: (bytes: Uint8Array) => void;
  /** The last packet sent, for a debugger that has not understood it. */
  #last = '';

  /** `write` takes what is to be sent to the debugger. */
  constructor(target: DebugTarget, write: (bytes: Uint8Array) => void) {
    this.#write = write;
    this.#dialogue = new Dialogue(target, (payload) => this.#send(payload));
  }

  /** Whether the guest runs: `run` is to be called. */
  get running(): boolean {
    return this.#dialogue.running && this.ended === undefined;
  }

  /** How the debugger has left: it let go, or it ended the machine; undefined while it is there. */
  get ended(): 'detached' | 'killed' | undefined {
    return this.#dialogue.ended;
  }

  /** Takes bytes from the debugger, however they are cut, and answers what is complete. Nothing in them is an exception. */
  receive(bytes: Uint8Array): void {
    for (const incoming of this.#reader.read(bytes)) {
      if (this.ended !== undefined) return;
      this.#take(incoming);
    }
  }

  /** The connection is gone: as if the debugger had detached, unless it had said how to end. */
  disconnected(): void {
    if (this.ended !== undefined) return;
    this.#dialogue.target.release();
    this.#dialogue.ended = 'detached';
    this.#dialogue.running = false;
  }

  /** Runs the guest until something happens, of which the debugger is told, or until `shouldStop` says so. */
  run(shouldStop: () => boolean): Progress {
    const dialogue = this.#dialogue;
    const progress = dialogue.target.run(shouldStop);
    if (progress.kind !== 'event') return progress;
    dialogue.running = false;
    dialogue.lastEvent = progress.event;
    dialogue.general = undefined;
    this.#send(stopReply(dialogue, progress.event));
    return progress;
  }

  #take(incoming: Incoming): void {
    const { noAck } = this.#dialogue;
    switch (incoming.kind) {
      case 'ack': return;
      case 'nak': return this.#last === '' || noAck ? undefined : this.#write(toBytes(this.#last));
      case 'interrupt': return this.#dialogue.running ? this.#dialogue.target.interrupt() : undefined;
      case 'damaged': return noAck ? undefined : this.#write(toBytes('-'));
      case 'overlong':
        if (!noAck) this.#write(toBytes('+'));
        return this.#send(REFUSED.tooLong);
      case 'packet':
        if (!noAck) this.#write(toBytes('+'));
        return this.#answer(incoming.payload);
    }
  }

  #answer(payload: string): void {
    const found = findCommand(payload);
    // While the guest runs there is nothing to say but that it shall stop.
    if (this.#dialogue.running && !payload.startsWith('vCtrlC')) return;
    const reply = found === undefined ? '' : found.command(this.#dialogue, found.args);
    if (reply !== undefined) this.#send(reply);
  }

  #send(payload: string): void {
    this.#last = encodePacket(payload);
    this.#write(toBytes(this.#last));
  }
}
