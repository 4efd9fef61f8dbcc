/** Machine and supervisor mode: CSRs, traps and their return, delegation, interrupts, translation under program control. */
import { describe, expect, it } from 'vitest';
import { PAGESIZE } from '../../src/base/index.js';
import { Cause, CSR_NAMES as CSR, Exit, type Hart, Interrupt } from '../../src/hart/index.js';
import { code, DATA, DATA_PA, type Line, R, RAM, Rig, userProgram, W, X } from './kit.js';

const HANDLER = RAM + 0x800;
const S_HANDLER = RAM + 0xc00;

/** A machine-mode hart at RAM with these instructions; a handler at HANDLER (mtvec) and S_HANDLER (stvec) that stays where it is. */
function machineProgram(...lines: readonly Line[]): { rig: Rig; hart: Hart } {
  const rig = new Rig();
  rig.put(RAM, code(...lines));
  for (const at of [HANDLER, S_HANDLER]) rig.put(at, code(['jal', { imm: 0 }]));
  const hart = rig.machine();
  write(hart, 'mtvec', BigInt(HANDLER));
  write(hart, 'stvec', BigInt(S_HANDLER));
  return { rig, hart };
}

const read = (hart: Hart, name: keyof typeof CSR): bigint => hart.csrs.read(CSR[name])!;
function write(hart: Hart, name: keyof typeof CSR, value: bigint): void {
  expect(hart.csrs.write(CSR[name], value)).toBe(true);
}

/** A CSR as machine mode sees it, whatever mode the hart is in. */
function peek(hart: Hart, name: keyof typeof CSR): bigint {
  const { mode } = hart.traps;
  hart.traps.mode = 3;
  const value = read(hart, name);
  hart.traps.mode = mode;
  return value;
}

/** Puts the hart into a mode through mret, as software does. */
function enter(hart: Hart, mode: 0 | 1, pc: number): void {
  hart.traps.status.mpp = mode;
  hart.returnTo(hart.traps.returnFromMachine());
  hart.translationChanged();
  hart.pc = pc;
}

describe('CSR instructions', () => {
  it('read and change in one step, all six forms', () => {
    const { hart } = machineProgram(
      ['csrrw', { rd: 5, csr: CSR.mscratch, rs1: 10 }], ['csrrs', { rd: 6, csr: CSR.mscratch, rs1: 11 }], ['csrrc', { rd: 7, csr: CSR.mscratch, rs1: 12 }],
      ['csrrwi', { rd: 28, csr: CSR.mscratch, zimm: 31 }], ['csrrsi', { rd: 29, csr: CSR.mscratch, zimm: 0 }], ['csrrci', { rd: 30, csr: CSR.mscratch, zimm: 1 }],
    );
    hart.setX(10, -1n);
    hart.setX(12, 0xffn);
    hart.run(6);
    expect([5, 6, 7, 28, 29, 30].map((n) => hart.x(n))).toEqual([0n, -1n, -1n, -256n, 31n, 31n]);
    expect(read(hart, 'mscratch')).toBe(30n);
    expect(hart.instret).toBe(6);
  });

  it('with rd equal to rs1 write the old register', () => {
    const { hart } = machineProgram(['csrrw', { rd: 10, csr: CSR.mscratch, rs1: 10 }]);
    write(hart, 'mscratch', 5n);
    hart.setX(10, 9n);
    hart.run(1);
    expect([hart.x(10), read(hart, 'mscratch')]).toEqual([5n, 9n]);
  });

  it('a read-only CSR can be read with csrrs from x0 but not written', () => {
    const { hart } = machineProgram(['csrrs', { rd: 5, csr: CSR.mhartid, rs1: 0 }], ['csrrw', { rd: 6, csr: CSR.mhartid, rs1: 0 }]);
    hart.run(1);
    expect(hart.x(5)).toBe(0n);
    hart.run(1);
    expect([hart.pc, read(hart, 'mcause'), read(hart, 'mepc')]).toEqual([HANDLER, 2n, BigInt(RAM + 4)]);
  });

  it('an unknown CSR, or one of a higher mode, is illegal, and mtval holds the instruction', () => {
    const line: Line = ['csrrs', { rd: 5, csr: 0x7c0, rs1: 0 }];
    const { hart } = machineProgram(line);
    hart.run(1);
    const bits = new DataView(code(line).buffer).getUint32(0, true);
    expect([read(hart, 'mcause'), read(hart, 'mtval')]).toEqual([2n, BigInt(bits)]);
    const user = userProgram(['csrrs', { rd: 5, csr: CSR.sstatus, rs1: 0 }]).hart;
    expect(user.run(1)).toBe(Exit.Trap);
    expect([user.cause, user.x(5)]).toEqual([Cause.IllegalInstruction, 0n]);
  });

  it('keep reserved and unimplemented fields as the manual wants them', () => {
    const { hart } = machineProgram();
    for (const name of ['mstatus', 'medeleg', 'mideleg', 'mie', 'mtvec', 'mepc', 'mcounteren'] as const) write(hart, name, 2n ** 64n - 1n);
    // UXL = SXL = 2; SIE MIE SPIE MPIE SPP MPP FS MPRV SUM MXR TVM TW TSR SD.
    expect(read(hart, 'mstatus').toString(16)).toBe('8000000a007e79aa');
    expect(read(hart, 'medeleg').toString(16)).toBe('b3ff');
    expect(read(hart, 'mideleg').toString(16)).toBe('222');
    expect(read(hart, 'mie').toString(16)).toBe('aaa');
    expect(read(hart, 'mtvec') & 3n).toBe(1n);
    expect(read(hart, 'mepc') & 1n).toBe(0n);
    expect(read(hart, 'mcounteren')).toBe(0xffff_ffffn);
    // MPP = 2 is reserved: the field keeps what it had.
    write(hart, 'mstatus', 1n << 11n);
    write(hart, 'mstatus', 2n << 11n);
    expect((read(hart, 'mstatus') >> 11n) & 3n).toBe(1n);
  });

  it('misa tells 64 bits and IMAFDCBSU', () => {
    const { hart } = machineProgram();
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].filter((_, n) => (read(hart, 'misa') >> BigInt(n)) & 1n).join('');
    expect([letters, read(hart, 'misa') >> 62n]).toEqual(['ABCDFIMSU', 2n]);
  });

  it('sstatus shows and changes the supervisor part of mstatus only', () => {
    const { hart } = machineProgram();
    write(hart, 'mstatus', 2n ** 64n - 1n);
    expect(read(hart, 'sstatus').toString(16)).toBe('80000002000c6122');
    write(hart, 'sstatus', 0n);
    expect(read(hart, 'mstatus').toString(16)).toBe('a00721888');
  });
});

describe('counters', () => {
  it('instret counts instructions before this one; a written value is what the next instruction reads', () => {
    const { hart } = machineProgram(
      ['addi'], ['csrrs', { rd: 5, csr: CSR.instret, rs1: 0 }], ['csrrw', { rd: 0, csr: CSR.minstret, rs1: 10 }], ['csrrs', { rd: 6, csr: CSR.instret, rs1: 0 }],
    );
    hart.setX(10, 1000n);
    hart.run(4);
    expect([hart.x(5), hart.x(6), hart.instret]).toEqual([1n, 1000n, 4]);
  });

  it('time is virtual time at 10 MHz', () => {
    const rig = new Rig();
    const hart = rig.machine({ now: () => 5_000_000 });
    rig.put(RAM, code(...Array.from({ length: 250 }, (): Line => ['addi']), ['csrrs', { rd: 5, csr: CSR.time, rs1: 0 }]));
    hart.run(251);
    expect(hart.x(5)).toBe(50_002n);
  });

  it('can be read by user programs under a kernel, and only when both enables allow it without one', () => {
    const user = userProgram(['csrrs', { rd: 5, csr: CSR.cycle, rs1: 0 }]).hart;
    expect(user.run(1)).toBe(Exit.Quantum);
    const { hart } = machineProgram(['csrrs', { rd: 5, csr: CSR.cycle, rs1: 0 }]);
    for (const [mcounteren, scounteren, works] of [[0n, 7n, false], [7n, 0n, false], [1n, 1n, true]] as const) {
      hart.traps.mode = 3;
      write(hart, 'mcounteren', mcounteren);
      write(hart, 'scounteren', scounteren);
      enter(hart, 0, RAM);
      hart.run(1);
      expect(hart.pc === RAM + 4).toBe(works);
    }
  });
});

describe('a trap without a kernel', () => {
  it('enters mtvec with epc, cause, tval, and the old mode and enable stacked', () => {
    const { hart } = machineProgram(['addi'], ['ld', { rd: 5, rs1: 10 }]);
    hart.setX(10, 0x123n);
    write(hart, 'mstatus', 8n);
    hart.run(2);
    expect(['mepc', 'mcause', 'mtval'].map((name) => read(hart, name as 'mepc'))).toEqual([BigInt(RAM + 4), 5n, 0x123n]);
    expect([hart.pc, hart.traps.mode, read(hart, 'mstatus') & 0x1888n, hart.instret]).toEqual([HANDLER, 3, 0x1880n, 1]);
  });

  it('of each mode reports its own ecall, and mret goes back with the enable restored', () => {
    for (const [mode, cause] of [[0, 8n], [1, 9n]] as const) {
      const { rig, hart } = machineProgram(['ecall']);
      rig.put(HANDLER, code(['csrrw', { csr: CSR.mepc, rs1: 10 }], ['mret']));
      hart.setX(10, BigInt(RAM + 0x40));
      enter(hart, mode, RAM);
      hart.traps.status.writeMachine(0x80n);
      hart.run(3);
      expect([peek(hart, 'mcause'), hart.pc, hart.traps.mode]).toEqual([cause, RAM + 0x40, mode]);
    }
    const { hart } = machineProgram(['ecall']);
    hart.run(1);
    expect(read(hart, 'mcause')).toBe(11n);
  });

  it('goes to the supervisor where it is delegated, but never from machine mode', () => {
    const { hart } = machineProgram(['ebreak']);
    write(hart, 'medeleg', 1n << 3n);
    hart.run(1);
    expect([hart.pc, hart.traps.mode]).toEqual([HANDLER, 3]);
    for (const mode of [0, 1] as const) {
      hart.traps.mode = 3;
      enter(hart, mode, RAM);
      hart.traps.status.set(2, true);
      hart.run(1);
      expect([hart.pc, hart.traps.mode, read(hart, 'scause'), read(hart, 'sepc')]).toEqual([S_HANDLER, 1, 3n, BigInt(RAM)]);
      // SPP = the old mode, SPIE = the old SIE, SIE = 0.
      expect(read(hart, 'sstatus') & 0x122n).toBe(mode === 1 ? 0x120n : 0x20n);
    }
  });

  it('sret returns to the mode in SPP and restores SIE', () => {
    const { hart } = machineProgram(['sret']);
    enter(hart, 1, RAM);
    hart.traps.supervisor.epc = BigInt(RAM + 0x100);
    hart.traps.status.set(0x20, true);
    hart.run(1);
    expect([hart.pc, hart.traps.mode, peek(hart, 'sstatus') & 0x122n]).toEqual([RAM + 0x100, 0, 0x22n]);
  });

  it('a handler that traps itself ends the quantum instead of hanging', () => {
    const { rig, hart } = machineProgram();
    rig.put(HANDLER, Uint8Array.of(0, 0));
    rig.put(RAM, Uint8Array.of(0, 0));
    expect(hart.run(1000)).toBe(Exit.Quantum);
    expect(hart.instret).toBe(0);
  });
});

describe('privileged instructions from too low a mode are illegal', () => {
  const cases: readonly (readonly [string, Line, 0 | 1, number])[] = [
    ['mret in S', ['mret'], 1, 0], ['sret in U', ['sret'], 0, 0], ['sret in S with TSR', ['sret'], 1, 1 << 22], ['wfi in U', ['wfi'], 0, 0],
    ['wfi in S with TW', ['wfi'], 1, 1 << 21], ['sfence.vma in U', ['sfence.vma'], 0, 0], ['sfence.vma in S with TVM', ['sfence.vma'], 1, 1 << 20],
    ['satp in S with TVM', ['csrrs', { rd: 5, csr: CSR.satp, rs1: 0 }], 1, 1 << 20],
  ];
  it.each(cases)('%s', (_, line, mode, status) => {
    const { hart } = machineProgram(line);
    enter(hart, mode, RAM);
    hart.traps.status.set(status, true);
    hart.run(1);
    expect([hart.pc, peek(hart, 'mcause'), peek(hart, 'mtval')]).toEqual([HANDLER, 2n, BigInt(new DataView(code(line).buffer).getUint32(0, true))]);
  });
});

describe('interrupts', () => {
  it('are taken when pending, enabled and allowed by mode, vectored where asked', () => {
    const { rig, hart } = machineProgram(['jal', { imm: 0 }]);
    rig.put(HANDLER + 4 * Interrupt.MachineTimer, code(['jal', { imm: 0 }]));
    write(hart, 'mtvec', BigInt(HANDLER) | 1n);
    hart.traps.setInterrupt(Interrupt.MachineTimer, true);
    hart.run(3);
    expect(hart.pc).toBe(RAM);
    write(hart, 'mie', 1n << 7n);
    hart.run(3);
    expect(hart.pc).toBe(RAM);
    write(hart, 'mstatus', 8n);
    hart.run(3);
    expect([hart.pc, read(hart, 'mcause'), read(hart, 'mepc')]).toEqual([HANDLER + 28, (1n << 63n) | 7n, BigInt(RAM)]);
  });

  it('a delegated one interrupts S only with SIE and U always, and M never', () => {
    const { hart } = machineProgram(['jal', { imm: 0 }]);
    write(hart, 'mideleg', 2n);
    write(hart, 'mie', 2n);
    write(hart, 'mip', 2n);
    write(hart, 'mstatus', 8n);
    hart.run(2);
    expect(hart.pc).toBe(RAM);
    enter(hart, 1, RAM);
    hart.run(2);
    expect(hart.pc).toBe(RAM);
    hart.traps.status.set(2, true);
    hart.run(2);
    expect([hart.pc, read(hart, 'scause')]).toEqual([S_HANDLER, (1n << 63n) | 1n]);
    hart.traps.mode = 3;
    enter(hart, 0, RAM);
    hart.run(2);
    expect([hart.pc, hart.traps.mode]).toEqual([S_HANDLER, 1]);
  });

  it('wfi waits for one that is enabled, even where it is not taken', () => {
    const { hart } = machineProgram(['wfi'], ['addi'], ['wfi']);
    expect(hart.run(10)).toBe(Exit.Wait);
    expect([hart.pc, hart.instret]).toEqual([RAM + 4, 1]);
    write(hart, 'mie', 8n);
    hart.traps.setInterrupt(Interrupt.MachineSoftware, true);
    expect(hart.run(2)).toBe(Exit.Quantum);
    expect(hart.pc).toBe(RAM + 12);
  });
});

describe('translation under program control', () => {
  /** A hart in machine mode; supervisor code at RAM mapped at RAM, one user page at DATA. */
  function supervisor(...lines: readonly Line[]): { rig: Rig; hart: Hart; satp: bigint } {
    const setup = machineProgram(...lines);
    const { rig, hart } = setup;
    rig.map(RAM, RAM, R | W | X, 0xc1);
    rig.map(DATA, DATA_PA, R | W);
    return { rig, hart, satp: (8n << 60n) | BigInt(rig.root / PAGESIZE) };
  }

  it('writing satp takes effect at once for fetches and data', () => {
    const { rig, hart, satp } = supervisor(['csrrw', { csr: CSR.satp, rs1: 11 }], ['ld', { rd: 5, rs1: 10 }]);
    rig.store(DATA_PA, 8, 77n);
    enter(hart, 1, RAM);
    hart.traps.status.set(1 << 18, true);
    hart.translationChanged();
    hart.setX(10, BigInt(DATA));
    hart.setX(11, satp);
    hart.run(2);
    expect([hart.x(5), hart.pc]).toEqual([77n, RAM + 8]);
  });

  it('an unknown satp mode changes nothing', () => {
    const { hart } = supervisor();
    write(hart, 'satp', (9n << 60n) | 5n);
    expect(read(hart, 'satp')).toBe(0n);
  });

  it('SUM lets the supervisor use user pages, and only with it', () => {
    const { hart, satp } = supervisor(['ld', { rd: 5, rs1: 10 }], ['csrrs', { csr: CSR.sstatus, rs1: 11 }], ['ld', { rd: 5, rs1: 10 }]);
    write(hart, 'satp', satp);
    write(hart, 'medeleg', 1n << 13n);
    enter(hart, 1, RAM);
    hart.setX(10, BigInt(DATA));
    hart.setX(11, 1n << 18n);
    hart.run(1);
    expect([hart.pc, read(hart, 'scause'), read(hart, 'stval')]).toEqual([S_HANDLER, 13n, BigInt(DATA)]);
    hart.pc = RAM + 4;
    hart.run(2);
    expect(hart.pc).toBe(RAM + 12);
  });

  it('MPRV makes machine-mode loads use the translation of MPP, fetches not', () => {
    const { rig, hart, satp } = supervisor(['csrrs', { csr: CSR.mstatus, rs1: 11 }], ['ld', { rd: 5, rs1: 10 }], ['csrrc', { csr: CSR.mstatus, rs1: 11 }], ['ld', { rd: 6, rs1: 12 }]);
    rig.store(DATA_PA, 8, 99n);
    write(hart, 'satp', satp);
    hart.setX(10, BigInt(DATA));
    hart.setX(11, 1n << 17n);
    hart.setX(12, BigInt(DATA_PA));
    hart.run(4);
    expect([hart.x(5), hart.x(6), hart.pc]).toEqual([99n, 99n, RAM + 16]);
  });

  it('a page table change is seen after sfence.vma, and until then may not be', () => {
    const { rig, hart, satp } = supervisor(['ld', { rd: 5, rs1: 10 }], ['ld', { rd: 6, rs1: 10 }], ['sfence.vma', { rs1: 10 }], ['ld', { rd: 7, rs1: 10 }]);
    rig.store(DATA_PA, 8, 1n);
    rig.store(DATA_PA + PAGESIZE, 8, 2n);
    write(hart, 'satp', satp);
    enter(hart, 1, RAM);
    hart.traps.status.set(1 << 18, true);
    hart.translationChanged();
    hart.setX(10, BigInt(DATA));
    hart.run(1);
    rig.map(DATA, DATA_PA + PAGESIZE, R | W);
    hart.run(3);
    expect([hart.x(5), hart.x(6), hart.x(7)]).toEqual([1n, 1n, 2n]);
  });

  it('machine mode reaches physical addresses beyond the range of Sv39', () => {
    const { rig, hart } = supervisor(['sd', { rs1: 10, rs2: 11 }], ['ld', { rd: 5, rs1: 10 }]);
    rig.bus.attachMemory({ name: 'far', base: (2 ** 45) as never, size: PAGESIZE });
    hart.setX(10, 2n ** 45n);
    hart.setX(11, 123n);
    hart.run(2);
    expect(hart.x(5)).toBe(123n);
    hart.pc = RAM;
    hart.setX(10, -(2n ** 45n));
    hart.run(1);
    expect([read(hart, 'mcause'), read(hart, 'mtval')]).toEqual([7n, BigInt.asUintN(64, -(2n ** 45n))]);
  });
});
