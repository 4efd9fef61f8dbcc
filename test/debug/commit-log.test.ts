/** The commit log against the format of riscv-isa-sim's commit_log_print_insn, written down by hand from its source. */
import { describe, expect, it } from 'vitest';
import { CommitLog } from '../../src/debug/index.js';
import { Exit, type Hart } from '../../src/hart/index.js';
import { assemble } from '../../guest/index.js';
import { CODE, type Line, R, RAM, Rig, userProgram, W } from '../hart/kit.js';

/** Runs assembly in machine mode at RAM, `steps` instructions, and returns the log's lines. */
function machineLog(source: string, steps: number, prepare: (hart: Hart) => void = () => {}): string[] {
  const rig = new Rig();
  const { sections } = assemble(source, { base: RAM });
  for (const { address, bytes } of sections) rig.put(address, bytes);
  const hart = rig.machine({ id: 3 });
  prepare(hart);
  const lines: string[] = [];
  hart.observer = new CommitLog(hart, rig.bus, (line) => lines.push(line));
  hart.run(steps);
  return lines;
}

describe('a line of the commit log', () => {
  it('names hart, mode, pc, instruction and the register written, but not x0', () => {
    expect(machineLog('auipc t0, 0\n addi x0, x0, 1\n lui a0, 0x80000\n', 3)).toEqual([
      'core   3: 3 0x0000000080000000 (0x00000297) x5  0x0000000080000000',
      'core   3: 3 0x0000000080000004 (0x00100013)',
      'core   3: 3 0x0000000080000008 (0x80000537) x10 0xffffffff80000000',
    ]);
  });

  it('has the address of a load, the address and the bytes of a store, both of an AMO', () => {
    const start = (hart: Hart): void => {
      hart.setX(10, 0x8000_1000n);
      hart.setX(11, -2n);
    };
    expect(machineLog('sw a1, 12(a0)\n lbu a2, 13(a0)\n sb a1, 3(a0)\n amoadd.w a3, a1, (a0)\n amoswap.d x0, a1, (a0)\n', 5, start)).toEqual([
      'core   3: 3 0x0000000080000000 (0x00b52623) mem 0x000000008000100c 0xfffffffe',
      'core   3: 3 0x0000000080000004 (0x00d54603) x12 0x00000000000000ff mem 0x000000008000100d',
      'core   3: 3 0x0000000080000008 (0x00b501a3) mem 0x0000000080001003 0xfe',
      'core   3: 3 0x000000008000000c (0x00b526af) x13 0xfffffffffe000000 mem 0x0000000080001000 mem 0x0000000080001000 0xfdfffffe',
      'core   3: 3 0x0000000080000010 (0x08b5302f) mem 0x0000000080001000 mem 0x0000000080001000 0xfffffffffffffffe',
    ]);
  });

  it('of a store conditional has the store only where it was made', () => {
    const start = (hart: Hart): void => hart.setX(10, 0x8000_1000n);
    expect(machineLog('sc.w t0, a0, (a0)\n lr.w t1, (a0)\n sc.w t0, a0, (a0)\n', 3, start)).toEqual([
      'core   3: 3 0x0000000080000000 (0x18a522af) x5  0x0000000000000001',
      'core   3: 3 0x0000000080000004 (0x1005232f) x6  0x0000000000000000 mem 0x0000000080001000',
      'core   3: 3 0x0000000080000008 (0x18a522af) x5  0x0000000000000000 mem 0x0000000080001000 0x80001000',
    ]);
  });

  it('has a compressed instruction as its two bytes', () => {
    expect(machineLog('c.li a0, 7\n c.nop\n', 2)).toEqual(['core   3: 3 0x0000000080000000 (0x451d) x10 0x0000000000000007', 'core   3: 3 0x0000000080000002 (0x0001)']);
  });

  it('has CSRs that are written, by the register they are views of, sorted among the others by number times 16 plus kind', () => {
    const lines = machineLog('csrrwi t0, mscratch, 5\n csrrs t1, mscratch, x0\n li t2, 0x2222\n csrw sie, t2\n csrrwi x0, mtval, 3\n csrsi sstatus, 2\n', 7);
    expect(lines.map((line) => line.slice(line.indexOf(')') + 1))).toEqual([
      ' x5  0x0000000000000000 c832_mscratch 0x0000000000000005', ' x6  0x0000000000000005', ' x7  0x0000000000002000', ' x7  0x0000000000002222',
      ' c772_mie 0x0000000000000000', ' c835_mtval 0x0000000000000003', ' c768_mstatus 0x0000000a00000002',
    ]);
  });

  it('has f registers, the flags an instruction raises though they are up already, and the state it makes dirty', () => {
    const start = (hart: Hart): void => {
      hart.setX(10, 0x8000_1000n);
      hart.state.floatRegisters()[1] = 0x3ff0_0000_0000_0000n;
      hart.state.floatRegisters()[2] = 0x4008_0000_0000_0000n;
      hart.csrs.poke(0x300, 0x2000n);
    };
    const lines = machineLog('fdiv.d f3, f1, f2\n fdiv.d f3, f1, f2\n fadd.d f4, f1, f1\n fsw f3, 0(a0)\n flw f31, 0(a0)\n csrw fcsr, x0\n', 6, start);
    expect(lines.map((line) => line.slice(line.indexOf(')') + 1))).toEqual([
      ' c1_fflags 0x0000000000000001 f3  0x3fd5555555555555 c768_mstatus 0x8000000a00006000',
      ' c1_fflags 0x0000000000000001 f3  0x3fd5555555555555',
      ' f4  0x4000000000000000',
      ' mem 0x0000000080001000 0x55555555',
      ' f31 0xffffffff55555555 mem 0x0000000080001000',
      ' c1_fflags 0x0000000000000000 c2_frm 0x0000000000000000',
    ]);
  });

  it('of mret has mstatus; what traps has none, its handler has', () => {
    // The call takes one of the steps; mret goes back to it.
    const lines = machineLog('la t0, handler\n csrw mtvec, t0\n ecall\n nop\nhandler: mret\n', 5);
    expect(lines.map((line) => line.slice(0, 30))).toEqual([0, 4, 8, 0x14].map((at) => `core   3: 3 0x00000000800000${at.toString(16).padStart(2, '0')}`));
    expect(lines[3]).toMatch(/\(0x30200073\) c768_mstatus 0x0000000a00000080$/);
  });
});

describe('the commit log of user programs', () => {
  const LINES: readonly Line[] = [['addi', { rd: 5, rs1: 5, imm: 1 }], ['ld', { rd: 6, rs1: 10 }], ['sd', { rs1: 10, rs2: 5 }], ['jal', { imm: -12 }]];

  it('changes nothing about what is counted, and is the same wherever the quantum ends', () => {
    const run = (quantum: number, log: boolean): { counts: unknown; lines: string[] } => {
      const { rig, hart } = userProgram(...LINES);
      const lines: string[] = [];
      if (log) hart.observer = new CommitLog(hart, rig.bus, (line) => lines.push(line));
      while (hart.instret < 100) expect(hart.run(Math.min(quantum, 100 - hart.instret))).toBe(Exit.Quantum);
      return { counts: [hart.instret, hart.dataAccesses, hart.fetchLookups, hart.extraDataLookups, hart.mmu.counters], lines };
    };
    const plain = run(100, false);
    const logged = run(100, true);
    expect(logged.counts).toEqual(plain.counts);
    expect(logged.lines).toHaveLength(100);
    expect(logged.lines[2]).toBe('core   0: 0 0x0000000000010008 (0x00553023) mem 0x0000000000020000 0x0000000000000001');
    expect(run(7, true).lines).toEqual(logged.lines);
  });

  it('has an instruction that faulted first once, when it has happened', () => {
    const { rig, hart } = userProgram(['sd', { rs1: 10, rs2: 5 }], ['ecall']);
    const lines: string[] = [];
    hart.observer = new CommitLog(hart, rig.bus, (line) => lines.push(line));
    rig.map(0x2_0000, 0, 0);
    expect(hart.run(10)).toBe(Exit.Trap);
    rig.map(0x2_0000, RAM + 0x2_0000, R | W);
    expect([hart.run(10), hart.pc, lines.length]).toEqual([Exit.Trap, CODE + 4, 1]);
  });
});
