/** The devices of the bare machine: CLINT to the instruction, software interrupts between harts, UART. */
import { describe, expect, it } from 'vitest';
import { machineOf, RAM, runOf } from './kit.js';

/** Sets mtvec to `handler`, enables the interrupts of a mask, and mstatus.MIE. */
const enable = (mask: number): string => `
  la t0, handler
  csrw mtvec, t0
  li t0, ${mask}
  csrw mie, t0
  csrsi mstatus, 8
`;

describe('the timer', () => {
  it('interrupts before the first instruction at its time, wherever that falls', () => {
    for (const ticks of [1, 2, 7, 700]) {
      const { machine } = machineOf(`
        li t1, MTIMECMP
        li t0, ${ticks}
        sd t0, 0(t1)
        ${enable(0x80)}
      loop: addi a0, a0, 1
        j loop
        .balign 4
      handler: j handler`);
      const hart = machine.harts[0]!;
      machine.run({ maxInstructions: ticks * 100 });
      expect(hart.traps.machine.cause).toBe(0n);
      // The interrupt itself takes a step.
      machine.run({ maxInstructions: ticks * 100 + 1 });
      expect([hart.traps.machine.cause, hart.instret]).toEqual([(1n << 63n) | 7n, ticks * 100]);
    }
  });

  it('is taken at the same instruction however the run is cut', () => {
    const source = `
      li t1, MTIMECMP
      li t0, 30
      sd t0, 0(t1)
      ${enable(0x80)}
    loop: addi a0, a0, 1
      xor a1, a1, a0
      j loop
      .balign 4
    handler: csrr a2, mepc
      wfi
      j handler`;
    const whole = machineOf(source).machine;
    whole.run({ maxInstructions: 4000 });
    const cut = machineOf(source).machine;
    for (let limit = 1; limit <= 4000; limit += 7) cut.run({ maxInstructions: limit });
    cut.run({ maxInstructions: 4000 });
    expect([10, 11, 12].map((n) => cut.harts[0]!.x(n))).toEqual([10, 11, 12].map((n) => whole.harts[0]!.x(n)));
    expect(whole.harts[0]!.x(12)).toBeGreaterThan(BigInt(RAM));
  });

  it('shows in mip at once when mtime or mtimecmp is written, by halves too', () => {
    const { machine } = runOf(`
      li t1, MTIMECMP
      csrr a0, mip
      sw zero, 4(t1)
      sw zero, 0(t1)
      csrr a1, mip
      li t0, -1
      sw t0, 4(t1)
      csrr a2, mip
      li t2, MTIME
      li t0, 0x123456789
      sd t0, 0(t2)
      rdtime a3
      lw a4, 4(t2)
      li t0, -1
      sd t0, 0(t1)
      li t0, -2
      sd t0, 0(t2)
      csrr a5, mip
      wfi`);
    const x = (n: number): bigint => machine.harts[0]!.x(n);
    expect([x(10), x(11), x(12), x(13), x(14), x(15)]).toEqual([0n, 0x80n, 0n, 0x123456789n, 1n, 0n]);
  });
});

describe('software interrupts', () => {
  it('of a hart to itself are taken after the very store', () => {
    const { result, machine } = runOf(`
      ${enable(0x8)}
      li t1, CLINT
      li t0, 1
      sw t0, 0(t1)
      li a0, 1
    spin: j spin
      .balign 4
    handler: sw zero, 0(t1)
      csrr a1, mcause
      li t0, 0x5555
      li t1, FINISHER
      sw t0, 0(t1)`);
    expect(result.status).toBe('exited');
    expect([machine.harts[0]!.x(10), machine.harts[0]!.x(11)]).toEqual([0n, BigInt.asIntN(64, (1n << 63n) | 3n)]);
  });

  it('wake the other hart before the sender goes on, every time alike', () => {
    const source = `
      csrr t0, mhartid
      bnez t0, other
      li t1, CLINT
      li t2, 100
    delay: addi t2, t2, -1
      bnez t2, delay
      li t0, 1
      sw t0, 4(t1)
      la t3, word
      ld a0, 0(t3)
      li t0, 0x5555
      li t1, FINISHER
      sw t0, 0(t1)
    spin: j spin
    other: li t0, 8
      csrw mie, t0
      wfi
      la t3, word
      li t0, 77
      sd t0, 0(t3)
      j spin
      .data
    word: .dword 0`;
    const runs = [0, 1].map(() => runOf(source, { harts: 2 }));
    for (const { result, machine } of runs) {
      expect(result).toEqual({ status: 'exited', code: 0 });
      expect(machine.harts[0]!.x(10)).toBe(77n);
    }
    expect(runs[0]!.machine.instructions).toBe(runs[1]!.machine.instructions);
  });
});

describe('the serial port', () => {
  it('prints what is transmitted, and says that it can always take more', () => {
    const { printed } = runOf(`
      li t1, UART
      la t2, text
    next: lbu t0, 0(t2)
      beqz t0, done
    busy: lbu t3, 5(t1)
      andi t3, t3, 0x20
      beqz t3, busy
      sb t0, 0(t1)
      addi t2, t2, 1
      j next
    done: wfi
      .data
    text: .asciz "serial\\n"`);
    expect(printed).toBe('serial\n');
  });

  it('receives what comes in, keeps the divisor apart, and loops back when told', () => {
    const input = [0x21];
    const { machine, printed } = runOf(`
      li t1, UART
      lbu a0, 5(t1)
      lbu a1, 0(t1)
      lbu a2, 5(t1)
      li t0, 0x83
      sb t0, 3(t1)
      li t0, 0x37
      sb t0, 0(t1)
      lbu a3, 0(t1)
      li t0, 3
      sb t0, 3(t1)
      li t0, 0x10
      sb t0, 4(t1)
      li t0, 0x42
      sb t0, 0(t1)
      lbu a4, 0(t1)
      li t0, 1
      sb t0, 2(t1)
      lbu a5, 2(t1)
      wfi`, { input: () => input.shift() });
    expect([10, 11, 12, 13, 14, 15].map((n) => Number(machine.harts[0]!.x(n)))).toEqual([0x61, 0x21, 0x60, 0x37, 0x42, 0xc1]);
    expect(printed).toBe('');
  });

  it('raises access faults for what is no register, like every hole in the memory map', () => {
    for (const place of ['0x10000000', '0x2000002', '0x100004', '0x40000000', '0x2008000']) {
      const { machine } = runOf(`
        la t0, handler
        csrw mtvec, t0
        li t1, ${place}
        lw a0, 0(t1)
        .balign 4
      handler: csrr a1, mcause
        csrr a2, mtval
        wfi`, { misaligned: 'work' });
      expect([place, machine.harts[0]!.x(11), machine.harts[0]!.x(12)]).toEqual([place, 5n, BigInt(place)]);
    }
  });
});
