/** A debugger by script: packets in, packets out, no socket. Frames and checksums are computed here, from the manual's words. */
import { assemble } from '../../guest/index.js';
import { type DebugTarget, GdbSession, UserTarget, type UserTargetOptions } from '../../src/debug/index.js';
import { createMachine, type Machine, type MachineConfig } from '../../src/machine/index.js';

/** `$payload#checksum`, the sum of the payload's bytes modulo 256 in two digits; nothing is escaped. */
export const frame = (payload: string): string =>
  `$${payload}#${[...payload].reduce((sum, character) => (sum + character.charCodeAt(0)) % 256, 0).toString(16).padStart(2, '0')}`;

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** The client's side of a session. */
export class Client {
  readonly session: GdbSession;
  /** All that the session has sent and nobody has looked at. */
  sent = '';

  constructor(target: DebugTarget) {
    this.session = new GdbSession(target, (bytes) => {
      this.sent += String.fromCharCode(...bytes);
    });
  }

  /** Sends raw bytes and returns the raw answer. */
  raw(text: string): string {
    this.session.receive(latin1(text));
    return this.take();
  }

  take(): string {
    const { sent } = this;
    this.sent = '';
    return sent;
  }

  /** Sends a packet and returns the payloads of the answers, runs the guest while it runs, and acknowledges. */
  all(payload: string): string[] {
    this.session.receive(latin1(frame(payload)));
    for (let slices = 0; this.session.running && slices < 1000; slices++) this.session.run(() => false);
    return [...this.take().matchAll(/\$((?:[^#}]|\}[^])*)#([0-9a-f]{2})/g)].map(([, escaped = '', sum]) => {
      if (frame(escaped) !== `$${escaped}#${sum}`) throw new Error(`a packet with a wrong checksum: ${escaped}#${sum}`);
      return escaped.replace(/\}([^])/g, (_, character: string) => String.fromCharCode(character.charCodeAt(0) ^ 0x20));
    });
  }

  /** The one answer to a packet. */
  ask(payload: string): string {
    const answers = this.all(payload);
    if (answers.length !== 1) throw new Error(`${payload}: ${answers.length} answers: ${answers.join(' | ')}`);
    return answers[0]!;
  }

  /** Output of a monitor command. */
  monitor(command: string): string {
    const answers = this.all(`qRcmd,${Buffer.from(command).toString('hex')}`);
    if (answers.pop() !== 'OK') throw new Error(`monitor ${command}: no OK`);
    return answers.map((answer) => Buffer.from(answer.slice(1), 'hex').toString()).join('');
  }
}

/** A register's value from its digits, lowest byte first. */
export const value = (digits: string): bigint => BigInt(`0x${digits.match(/../g)!.toReversed().join('')}`);

/** Digits of a 64-bit value, lowest byte first. */
export const digits = (of: bigint | number): string => BigInt.asUintN(64, BigInt(of)).toString(16).padStart(16, '0').match(/../g)!.toReversed().join('');

/** A machine that is about to run a program of ours under a client. */
export interface Debugged {
  readonly machine: Machine;
  readonly target: UserTarget;
  readonly client: Client;
  readonly stdout: () => string;
  /** Address of a label. */
  readonly at: (label: string) => number;
}

/** Assembles and loads a program and connects a client, which has asked for `features`. */
export function debug(source: string, features = 'multiprocess+;swbreak+;hwbreak+', config: MachineConfig = {}, options: Omit<UserTargetOptions, 'machine'> = {}): Debugged {
  const { elf, symbols } = assemble(`.globl _start\n${source}`);
  let text = '';
  const machine = createMachine({ ramSize: 2 ** 24, poolSize: 2 ** 20, ...config, stdout: (bytes) => (text += new TextDecoder().decode(bytes)) });
  const target = new UserTarget({ machine, path: '/guests/program', ...options });
  machine.spawn(elf, ['program']);
  const client = new Client(target);
  client.ask(`qSupported:${features}`);
  const at = (label: string): number => {
    const address = symbols.get(label);
    if (address === undefined) throw new Error(`no label ${label}`);
    return address;
  };
  return { machine, target, client, stdout: () => text, at };
}
