/** How a bare run ends: HTIF, the finisher, the limit, harts that can never go on. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBareMachine, formatSignature } from '../../src/bare/index.js';
import { FitError } from '../../src/base/index.js';
import { ElfError } from '../../guest/index.js';
import { HTIF_DATA, machineOf, program, runOf } from './kit.js';

describe('HTIF', () => {
  it('ends the run with the instruction that writes an odd tohost, exit code payload >> 1', () => {
    const { result, machine } = runOf(`
      li t0, 7
      la t1, tohost
      sd t0, 0(t1)
      li t2, 99
    spin: j spin ${HTIF_DATA}`);
    expect(result).toEqual({ status: 'exited', code: 3 });
    expect([machine.harts[0]!.x(7), machine.instructions]).toEqual([0n, 4]);
  });

  it('takes two stores of half a doubleword as one command', () => {
    const { result, printed } = runOf(`
      la t1, tohost
      li t0, 'A'
      sw t0, 0(t1)
      li t0, 0x01010000
      sw t0, 4(t1)
    wait: ld t2, 0(t1)
      bnez t2, wait
      li t0, 1
      sw t0, 0(t1)
      sw zero, 4(t1)
    spin: j spin ${HTIF_DATA}`);
    expect([result, printed]).toEqual([{ status: 'exited', code: 0 }, 'A']);
  });

  it('takes a low half that stays alone, and one that is written again', () => {
    for (const after of ['spin: j spin', 'spin: sw t0, 0(t1)\n j spin']) {
      expect(runOf(`
        li t0, 5
        la t1, tohost
        sw t0, 0(t1)
        ${after} ${HTIF_DATA}`).result).toEqual({ status: 'exited', code: 2 });
    }
  });

  it('is written by atomics and through translated addresses as well', () => {
    const amo = runOf(`
      li t0, 1
      la t1, tohost
      amoswap.d zero, t0, (t1)
    spin: j spin ${HTIF_DATA}`);
    expect(amo.result).toEqual({ status: 'exited', code: 0 });
  });

  it('proxies write, answers ENOSYS to system calls it has not, and exits', () => {
    const { result, printed } = runOf(`
      la s0, call
      li t0, 64
      sd t0, 0(s0)
      li t0, 1
      sd t0, 8(s0)
      la t0, text
      sd t0, 16(s0)
      li t0, 6
      sd t0, 24(s0)
      jal ask
      mv s1, t0
      li t0, 1234
      sd t0, 0(s0)
      jal ask
      add s1, s1, t0
      li t0, 93
      sd t0, 0(s0)
      sd s1, 8(s0)
      jal ask
    ask: la t1, tohost
      sd s0, 0(t1)
    answer: ld t2, 8(t1)
      beqz t2, answer
      sd zero, 8(t1)
      ld t0, 0(s0)
      ret
      .data
      .balign 64
    call: .zero 64
    text: .ascii "hello\\n"
      .balign 8 ${HTIF_DATA}`);
    // 6 bytes written, -38 for ENOSYS.
    expect([result, printed]).toEqual([{ status: 'exited', code: 2 ** 32 - 32 }, 'hello\n']);
  });

  it('gives input byte by byte, when there is some', () => {
    const input = [undefined, 'o'.charCodeAt(0), undefined, 'k'.charCodeAt(0)];
    const { printed, result } = runOf(`
      la t1, tohost
      li s0, 2
      li s1, 0x0100000000000000
      li s2, 0x0101000000000000
    next: sd s1, 0(t1)
    wait: sd zero, 16(t1)
      ld t0, 8(t1)
      beqz t0, wait
      sd zero, 8(t1)
      andi t0, t0, 0xff
      or t0, t0, s2
      sd t0, 0(t1)
    taken: ld t0, 0(t1)
      bnez t0, taken
      addi s0, s0, -1
      bnez s0, next
      li t0, 1
      sd t0, 0(t1)
    spin: j spin ${HTIF_DATA}`, { input: () => input.shift() });
    expect([printed, result.status]).toEqual(['ok', 'exited']);
  });
});

describe('a run', () => {
  it('is ended by the finisher: pass, fail with a code, reset', () => {
    for (const [value, end] of [[0x5555, { status: 'exited', code: 0 }], [0x2a3333, { status: 'exited', code: 42 }], [0x7777, { status: 'reset' }]] as const) {
      expect(runOf(`
        li t0, ${value}
        li t1, FINISHER
        sw t0, 0(t1)
      spin: j spin`).result).toEqual(end);
    }
  });

  it('stops exactly at its limit and goes on from there', () => {
    const { machine } = machineOf('loop: addi t0, t0, 1\n j loop');
    expect(machine.run({ maxInstructions: 1001 })).toEqual({ status: 'limit' });
    expect([machine.instructions, machine.harts[0]!.x(5)]).toEqual([1001, 501n]);
    machine.run({ maxInstructions: 1003 });
    expect(machine.instructions).toBe(1003);
  });

  it('ends when every hart waits for what cannot come, but not while a timer can', () => {
    expect(runOf('wfi\n j .').result).toEqual({ status: 'asleep' });
    expect(runOf('wfi\nspin: j spin', { harts: 3 }).result).toEqual({ status: 'asleep' });
    const timer = runOf(`
      li t0, 1000
      li t1, MTIMECMP
      sd t0, 0(t1)
      li t0, 0x80
      csrw mie, t0
      wfi
      rdtime a0
      li t0, 0x5555
      li t1, FINISHER
      sw t0, 0(t1)`);
    expect([timer.result, timer.machine.harts[0]!.x(10)]).toEqual([{ status: 'exited', code: 0 }, 1000n]);
  });

  it('ends when the machine trap handler cannot be fetched', () => {
    expect(runOf('csrw mtvec, zero\n ecall').result).toEqual({ status: 'stuck', hart: 0, pc: 0 });
  });

  it('can be asked to stop, and goes on as if it had not been', () => {
    const cut = machineOf('loop: addi t0, t0, 1\n j loop', { harts: 2 }).machine;
    for (let n = 0; n < 3; n++) expect(cut.run({ shouldStop: () => true })).toEqual({ status: 'interrupted' });
    const whole = machineOf('loop: addi t0, t0, 1\n j loop', { harts: 2 }).machine;
    whole.run({ maxInstructions: cut.instructions });
    expect(cut.harts.map((hart) => hart.x(5))).toEqual(whole.harts.map((hart) => hart.x(5)));
  });
});

describe('a program', () => {
  it('starts at its entry in machine mode, a0 its hart', () => {
    const { machine } = machineOf('nop\n_start: csrr t0, mhartid\n wfi', { harts: 2 });
    machine.run();
    expect(machine.harts.map((hart) => [hart.x(10), hart.x(5), hart.traps.mode])).toEqual([[0n, 0n, 3], [1n, 1n, 3]]);
  });

  it('that does not fit, or is none, is refused by a line that says why', () => {
    const elf = program('nop');
    expect(() => createBareMachine({ program: Uint8Array.of(1, 2, 3) })).toThrow(ElfError);
    expect(() => createBareMachine({ program: elf.slice(0, 200) })).toThrow(ElfError);
    expect(() => createBareMachine({ program: program('.text\n nop\n .data\n .zero 0x200000'), memory: 2 ** 20 })).toThrow(/segment \[0x80001000, 0x80201000\) lies outside RAM/);
    expect(() => createBareMachine({ program: program('.text\n nop\n .data\n .zero 0x200000'), memory: 2 ** 20 })).toThrow(FitError);
    expect(() => createBareMachine({ program: elf, harts: 0 })).toThrow(/harts/);
    expect(() => createBareMachine({ program: elf, memory: 5000 })).toThrow(RangeError);
    expect(() => createBareMachine({ program: program('nop\n .equ tohost, 0x80000001\n .globl tohost') })).not.toThrow(HTIF_DATA);
  });

  it('damaged anywhere is refused as a program, or runs: never an error of another kind (seed 73)', () => {
    const whole = program(`
      la t0, tohost
      li t1, 1
      sd t1, 0(t0)
    spin: j spin ${HTIF_DATA}
    begin_signature: .dword 0
    end_signature: .dword 0`);
    const damage = fc.array(fc.record({ at: fc.nat(whole.length - 1), to: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff) }), { minLength: 1, maxLength: 4 });
    // What decides is in the headers: the file header and program headers in front, section headers and symbols behind.
    const header = fc.array(fc.record({ at: fc.nat(176), to: fc.nat(255) }), { minLength: 1, maxLength: 4 });
    let ran = 0;
    fc.assert(fc.property(fc.oneof(damage, header), (changes) => {
      const elf = Uint8Array.from(whole);
      for (const { at, to } of changes) elf[at] = to;
      try {
        const machine = createBareMachine({ program: elf, memory: 2 ** 20 });
        machine.signature();
        machine.run({ maxInstructions: 100 });
        ran++;
      } catch (error) {
        if (!(error instanceof ElfError || error instanceof FitError)) throw error;
      }
    }), { seed: 73, numRuns: 40 });
    expect(ran).toBeGreaterThan(5);
  });

  it('has the signature between its two symbols, as it is in memory', () => {
    const { machine } = runOf(`
      la t0, begin_signature
      li t1, 0x0123456789abcdef
      sd t1, 0(t0)
      la t0, tohost
      li t1, 1
      sd t1, 0(t0)
    spin: j spin ${HTIF_DATA}
    begin_signature: .dword 0, 0x11
      .word 0xdeadbeef
    end_signature: .word 0`);
    const bytes = machine.signature()!;
    expect(formatSignature(bytes, 4)).toBe('89abcdef\n01234567\n00000011\n00000000\ndeadbeef\n');
    expect(formatSignature(bytes, 8)).toBe('0123456789abcdef\n0000000000000011\n00000000deadbeef\n');
    expect(formatSignature(bytes, 16)).toBe('00000000000000110123456789abcdef\n000000000000000000000000deadbeef\n');
    expect(machineOf('nop').machine.signature()).toBeUndefined();
  });
});
