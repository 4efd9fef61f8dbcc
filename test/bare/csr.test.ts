/** What a whole hart's registers answer: counters, environment configuration, triggers, families of registers without use. */
import { describe, expect, it } from 'vitest';
import { machineOf, runOf } from './kit.js';

/** The x registers after a program that ends in wfi. */
function registersAfter(source: string, ...registers: number[]): bigint[] {
  const { machine } = runOf(`
    la t0, handler
    csrw mtvec, t0
    j begin
    .balign 4
  handler: csrr s11, mcause
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    mret
  begin: ${source}
    wfi`);
  return registers.map((n) => machine.harts[0]!.x(n));
}

describe('counters', () => {
  it('stand still while they are inhibited and go on afterwards', () => {
    const [frozen, still, instret, on, cycle] = registersAfter(`
      csrw mcountinhibit, 4
      csrr a0, minstret
      nop
      csrr a1, minstret
      li t0, 1000
      csrw minstret, t0
      csrr a2, minstret
      csrw mcountinhibit, zero
      csrr a3, minstret
      csrr a4, mcycle`, 10, 11, 12, 13, 14);
    expect(still).toBe(frozen);
    expect([instret, on]).toEqual([1000n, 1000n]);
    // Ten instructions between the reads of the frozen counter's first value and mcycle, which never stopped.
    expect(cycle! - frozen!).toBe(9n);
  });

  it('beyond cycle, time and instret exist and read as 0, in user mode where both enables allow them', () => {
    const [mcounter, event, trap] = registersAfter(`
      li a0, -1
      csrw mhpmcounter3, a0
      csrr a0, mhpmcounter3
      csrw mhpmevent31, t0
      csrr a1, mhpmevent31
      csrr a2, hpmcounter31
      li s11, 0
      csrr a2, 0xc20`, 10, 11, 27);
    expect([mcounter, event, trap]).toEqual([0n, 0n, 2n]);
  });
});

describe('registers that hold less than is written', () => {
  it('are menvcfg, senvcfg, mcounteren and mcountinhibit', () => {
    const [menvcfg, senvcfg, reserved, mcounteren, inhibit] = registersAfter(`
      li t0, -1
      csrw menvcfg, t0
      csrr a0, menvcfg
      csrw senvcfg, t0
      csrr a1, senvcfg
      li t0, 0x20
      csrw senvcfg, t0
      csrr a2, senvcfg
      li t0, -1
      csrw mcounteren, t0
      csrr a3, mcounteren
      csrw mcountinhibit, t0
      csrr a4, mcountinhibit`, 10, 11, 12, 13, 14);
    // PBMTE, ADUE; CBZE, CBCFE, CBIE, FIOM. CBIE = 2 is reserved and changes nothing.
    expect(BigInt.asUintN(64, menvcfg!).toString(16)).toBe('60000000000000f1');
    expect([senvcfg, reserved, mcounteren, inhibit]).toEqual([0xf1n, 0x30n, 0xffff_ffffn, 5n]);
  });

  it('are the trigger registers: there is no trigger', () => {
    expect(registersAfter(`
      li t0, -1
      csrw tselect, t0
      csrr a0, tselect
      csrw tdata1, t0
      csrr a1, tdata1
      csrr a2, tinfo`, 10, 11, 12)).toEqual([0n, 0n, 1n]);
  });

  it('are not those that do not exist, which are illegal', () => {
    for (const number of ['0x3a1', '0x3c0', '0x747', '0x7b0', '0x600', '0xda0']) {
      expect([number, ...registersAfter(`csrr a0, ${number}`, 27)]).toEqual([number, 2n]);
    }
  });
});

describe('a hart of a bare machine', () => {
  it('starts with translation plain: Svade unless asked for otherwise, no page types', () => {
    for (const [ad, value] of [['svade', 0n], ['svadu', 1n << 61n]] as const) {
      const { machine } = machineOf('csrr a0, menvcfg\n wfi', { ad });
      machine.run();
      expect(machine.harts[0]!.x(10)).toBe(value);
    }
  });
});
