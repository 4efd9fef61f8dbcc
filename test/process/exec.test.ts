import { describe, expect, it } from 'vitest';
import { assemble, writeElf } from '../../guest/index.js';
import { asVaddr } from '../../src/base/index.js';
import { createMachine } from '../../src/machine/index.js';
import { Guest, runSource } from './guest-program.js';

const small = { ramSize: 2 ** 23, poolSize: 2 ** 20 };

describe('starting a program', () => {
  it('hands it arguments, environment and auxiliary vector, which it can read', () => {
    const source = `_start: ld s0, 0(sp)
      ld s1, 8(sp)
      ld s2, 24(sp)
      ld s3, 32(sp)
      addi t0, sp, 40
      # skip the end of the environment, then look for AT_PAGESZ (6) and AT_ENTRY (9)
      addi t0, t0, 8
      1: ld t1, 0(t0)
      ld t2, 8(t0)
      addi t0, t0, 16
      li t3, 6
      bne t1, t3, 2f
      mv s4, t2
      2: li t3, 9
      bne t1, t3, 3f
      mv s5, t2
      3: bnez t1, 1b
      lb a0, 0(s1)
      la t0, out
      sd s0, 0(t0)
      sb a0, 8(t0)
      ld t1, 16(sp)
      lb t1, 0(t1)
      sb t1, 9(t0)
      lb t1, 0(s3)
      sb t1, 10(t0)
      sd s4, 16(t0)
      la t1, _start
      sub t1, t1, s5
      sd t1, 24(t0)
      sd s2, 32(t0)
      li a0, 1
      la a1, out
      li a2, 40
      li a7, 64
      ecall
      li a0, 0
      li a7, 94
      ecall
      .data
      .balign 8
      out: .zero 40`;
    let bytes: Uint8Array = new Uint8Array(0);
    const machine = createMachine({ ...small, stdout: (out) => (bytes = out) });
    machine.spawn(assemble(source).elf, ['prog', 'arg'], ['E=1']);
    expect(machine.run()).toEqual({ status: 'exited', code: 0 });
    const view = new DataView(bytes.buffer);
    expect([view.getBigInt64(0, true), String.fromCharCode(...bytes.subarray(8, 11))]).toEqual([2n, 'paE']);
    expect([view.getBigInt64(16, true), view.getBigInt64(24, true), view.getBigInt64(32, true)]).toEqual([4096n, 0n, 0n]);
  });

  it('gives equal random bytes to equal seeds, others to others', () => {
    const bytes = (seed: number): string => {
      // AT_RANDOM (25) is looked for; its 16 bytes are written out.
      const source = '_start: mv t0, sp\n1: ld t1, 0(t0)\naddi t0, t0, 8\nli t2, 25\nbne t1, t2, 1b\nld a1, 0(t0)\nli a0, 1\nli a2, 16\nli a7, 64\necall\nli a0, 0\nli a7, 94\necall';
      let out = '';
      const machine = createMachine({ ...small, seed, stdout: (b) => (out = Buffer.from(b).toString('hex')) });
      machine.spawn(assemble(source).elf, ['a', 'b', 'c']);
      machine.run({ maxInstructions: 1000 });
      return out;
    };
    expect(bytes(1)).toHaveLength(32);
    expect(bytes(1)).toBe(bytes(1));
    expect(bytes(1)).not.toBe(bytes(2));
  });

  it('leaves every other register zero', () => {
    const check = [1, 3, 4, ...Array.from({ length: 27 }, (_, i) => i + 5)].map((n) => `or a0, a0, x${n}`).join('\n');
    expect(runSource(`_start: ${check}\nsnez a0, a0\nli a7, 94\necall`, small).result).toEqual({ status: 'exited', code: 0 });
  });

  it('fills zeros behind the file\'s bytes, on the same page and on later ones, and keeps text read-only', () => {
    const g = new Guest().data('word: .word 5\n.bss\nfirst: .zero 8\nfar: .zero 20000');
    g.expectAt('word', 5, 4).expectAt('first', 0, 4).asm('la t0, far\nli t1, 19000\nadd t0, t0, t1\nsd t0, 0(t0)\nld t1, 0(t0)').expect('t0', 't1').passes();
  });
});

describe('a program that cannot be started', () => {
  it.each([
    ['nothing', new Uint8Array(0), /not an ELF file/],
    ['text', new TextEncoder().encode('#!/bin/sh\n'), /not an ELF file/],
    ['half a header', assemble('_start: nop').elf.subarray(0, 40), /header/],
    ['a segment cut off', assemble('_start: nop\n.data\n.zero 5000').elf.subarray(0, 4200), /.+/],
  ])('%s: one line says why, and the machine is as before', (_name, elf, message) => {
    const machine = createMachine(small);
    const free = machine.vm.pages.free;
    expect(() => machine.spawn(elf, ['bad'])).toThrow(message);
    expect(machine.processes()).toEqual([]);
    expect(machine.vm.pages.free).toBe(free);
  });

  it('because its segments collide with the stack, or its arguments are too long', () => {
    const machine = createMachine(small);
    const free = machine.vm.pages.free;
    const segment = { name: '.text', address: asVaddr(0x3f_fff0_0000), bytes: Uint8Array.of(0x13, 0, 0, 0), size: 4096, writable: false, executable: true };
    const elf = writeElf({ entry: segment.address, compressed: false, sections: [segment], symbols: [] });
    expect(() => machine.spawn(elf, ['high'])).toThrow(/collide with the stack/);
    expect(() => machine.spawn(assemble('_start: nop').elf, ['long', 'x'.repeat(3_000_000)])).toThrow(/arguments are too long/);
    expect(machine.processes()).toEqual([]);
    expect(machine.vm.pages.free).toBe(free);
  });

  it('a program whose image is larger than memory is refused before it starts', () => {
    const machine = createMachine(small);
    const elf = assemble('_start: nop\n.data\n.word 1\n.bss\n.zero 16777216').elf;
    expect(() => machine.spawn(elf, ['large'])).toThrow(/^large: the program does not fit: its image takes 167772\d\d bytes, the machine has 8388608 bytes of memory$/);
    expect(machine.processes()).toEqual([]);
  });

  it('a program that touches more than there is dies with SIGBUS where memory ends, and is told so', () => {
    const g = new Guest().sys('mmap', 0, 0x1000000, 3, 0x4022, -1, 0).asm('li t1, 4096\nloop: sd a0, 0(a0)\nadd a0, a0, t1\nj loop');
    const report = { signalName: 'SIGBUS', code: 'BUS_OBJERR', reason: 'no memory is left in the machine' };
    expect(g.run(small).result).toMatchObject({ status: 'signaled', report });
  });

  it('a process gives all its memory back when it ends, however it ends', () => {
    for (const end of ['li a0, 0\nli a7, 94\necall', 'ld t0, 0(zero)', 'li sp, 0\n.word 0']) {
      const machine = createMachine(small);
      // One frame stays: the page signal handlers return through, which all processes of the machine share.
      const free = machine.vm.pages.free - 1;
      machine.spawn(assemble(`_start: li a0, 0\nli a1, 0x100000\nli a2, 3\nli a3, 0x22\nli a4, -1\nli a5, 0\nli a7, 222\necall\nsd a0, 0(a0)\nsd sp, -64(sp)\nli a0, 17\nli a1, 0\nli a2, 0\nli a3, 0\nli a4, 0\nli a7, 220\necall\nli a0, -1\nli a1, 0\nli a2, 0\nli a3, 0\nli a7, 260\necall\n${end}`).elf, ['p']);
      machine.run({ maxInstructions: 10_000 });
      expect(machine.statistics().forks).toBe(1);
      expect(machine.processes()).toEqual([]);
      expect([end, machine.vm.pages.free]).toEqual([end, free]);
    }
  });
});
