import { describe, expect, it } from 'vitest';
import { createMachine } from '../../src/machine/index.js';
import type { Machine, MachineConfig } from '../../src/machine/index.js';
import { assemble } from '../../guest/index.js';
import { Guest } from '../process/guest-program.js';

/** Standard input that is filled in by hand; undefined marks a moment without anything to read. */
class Terminal {
  readonly pieces: (string | undefined)[] = [];
  asked = 0;
  readonly read = (max: number): Uint8Array | undefined => {
    this.asked++;
    const piece = this.pieces.shift();
    return piece === undefined ? undefined : Buffer.from(piece.slice(0, max));
  };
}

function start(g: Guest, terminal: Terminal, config: MachineConfig = {}): { machine: Machine; out: string[] } {
  const out: string[] = [];
  const machine = createMachine({ ramSize: 2 ** 22, stdin: terminal.read, stdout: (bytes) => out.push(Buffer.from(bytes).toString()), ...config });
  machine.spawn(assemble(g.source).elf, ['reader']);
  return { machine, out };
}

/** Copies input to output until its end. */
const echo = (): Guest => new Guest().data('b: .zero 16').asm('again:').sys('read', 0, '&b', 16).asm('mv s0, a0\nbltz s0, end\nbeqz s0, end').sys('write', 1, '&b', 's0').asm('j again\nend: mv a0, s0').expect(0);

describe('a program that reads where nothing has been typed', () => {
  it('gives the host its event loop back, and goes on when there is something', () => {
    const terminal = new Terminal();
    const { machine, out } = start(echo(), terminal);
    expect(machine.run()).toEqual({ status: 'waiting' });
    terminal.pieces.push('one');
    machine.stdinReady();
    expect([machine.run(), out]).toEqual([{ status: 'waiting' }, ['one']]);
    terminal.pieces.push('two', 'three', '');
    machine.stdinReady();
    expect([machine.run(), out]).toEqual([{ status: 'exited', code: 0 }, ['one', 'two', 'three']]);
  });

  it('is not asked again before the host says so; a needless word of it does no harm', () => {
    const terminal = new Terminal();
    const { machine } = start(echo(), terminal);
    for (let n = 0; n < 3; n++) expect(machine.run()).toEqual({ status: 'waiting' });
    expect(terminal.asked).toBe(1);
    machine.stdinReady();
    machine.stdinReady();
    expect([machine.run(), terminal.asked]).toEqual([{ status: 'waiting' }, 2]);
    terminal.pieces.push('');
    machine.stdinReady();
    expect(machine.run()).toEqual({ status: 'exited', code: 0 });
    machine.stdinReady();
  });

  it('executes nothing while it waits, and bounds are exact all the same', () => {
    const terminal = new Terminal();
    const { machine } = start(echo(), terminal);
    machine.run();
    const { instructions } = machine.statistics();
    expect(machine.run({ maxInstructions: instructions + 100 })).toEqual({ status: 'waiting' });
    expect(machine.statistics().instructions).toBe(instructions);
    terminal.pieces.push('x');
    machine.stdinReady();
    expect([machine.run({ maxInstructions: instructions + 1 }), machine.statistics().instructions]).toEqual([{ status: 'limit' }, instructions + 1]);
  });

  it('does not stop others: they run, and the machine waits only when they have ended', () => {
    const terminal = new Terminal();
    const g = new Guest().data('b: .zero 16\nt: .ascii "child"').sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent\nli t0, 50000\nspin: addi t0, t0, -1\nbnez t0, spin').sys('write', 1, '&t', 5).asm('li a0, 0\nli a7, 93\necall\nparent:');
    const { machine, out } = start(g.sys('read', 0, '&b', 16).expect(2), terminal, { quantum: 1000 });
    expect([machine.run(), out]).toEqual([{ status: 'waiting' }, ['child']]);
    terminal.pieces.push('ok');
    machine.stdinReady();
    expect(machine.run()).toEqual({ status: 'exited', code: 0 });
  });

  it('can be killed, and a signal it handles interrupts the read, or restarts it where it asks for that', () => {
    const { machine } = start(echo(), new Terminal());
    machine.run();
    machine.processes()[0]?.kill(9);
    expect(machine.run()).toMatchObject({ status: 'signaled', signal: 9 });
    for (const [flags, end] of [[0, { status: 'exited', code: 0 }], [0x1000_0000, { status: 'waiting' }]] as const) {
      const g = new Guest().data(`.balign 8\naction: .dword handler, ${flags}, 0\nb: .zero 16`).sys('rt_sigaction', 10, '&action', 0, 8).expect(0).sys('read', 0, '&b', 16).expect(-4);
      const other = start(g.sub('handler: ret'), new Terminal());
      expect(other.machine.run()).toEqual({ status: 'waiting' });
      other.machine.processes()[0]?.kill(16);
      expect(other.machine.run()).toEqual(end);
    }
  });

  it('gets with several buffers what is there, without waiting for the rest', () => {
    const terminal = new Terminal();
    terminal.pieces.push('full');
    const g = new Guest().data('b: .zero 8\n.balign 8\niov: .dword b, 0, b, 4, b, 4').sys('readv', 0, '&iov', 3).expect(4);
    expect(start(g, terminal).machine.run()).toEqual({ status: 'exited', code: 0 });
  });
});
