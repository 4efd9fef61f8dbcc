/** Instruction fetch: page ends, instructions over two pages, faults, code that changes. */
import { describe, expect, it } from 'vitest';
import { PAGESIZE } from '../../src/base/index.js';
import { Cause, Exit, type Hart } from '../../src/hart/index.js';
import { State } from '../../src/hart/layout.js';
import { CODE, CODE_PA, code, DATA, DATA_PA, R, RAM, type Rig, userProgram, W, X } from './kit.js';

const NEXT = CODE + PAGESIZE;
const addi = (imm: number): Uint8Array => code(['addi', { rd: 5, rs1: 0, imm }]);

/** A hart at a 4-byte `addi t0, zero, 1` whose halves lie at the end of the code page and at the start of `second`. */
function straddling(second = CODE_PA + PAGESIZE): { rig: Rig; hart: Hart } {
  const { rig, hart } = userProgram();
  rig.put(CODE_PA + PAGESIZE - 2, addi(1).slice(0, 2));
  rig.put(second, addi(1).slice(2));
  rig.map(NEXT, second, R | X);
  hart.pc = NEXT - 2;
  return { rig, hart };
}

describe('an instruction over two pages', () => {
  it('executes, also when the pages are not neighbours in memory, and goes on behind itself', () => {
    const { rig, hart } = straddling(RAM + 0x50_0000);
    rig.put(RAM + 0x50_0002, addi(2));
    expect(hart.run(1)).toBe(Exit.Quantum);
    expect([hart.x(5), hart.pc]).toEqual([1n, NEXT + 2]);
    hart.run(1);
    expect([hart.x(5), hart.pc]).toEqual([2n, NEXT + 6]);
  });

  it('whose second page is missing: instruction page fault at the second page, pc at the instruction', () => {
    const { rig, hart } = straddling();
    rig.map(NEXT, 0, 0);
    expect(hart.run(1)).toBe(Exit.Trap);
    expect([hart.cause, hart.tvalNumber, hart.pc, hart.instret]).toEqual([Cause.FetchPageFault, NEXT, NEXT - 2, 0]);
    rig.map(NEXT, CODE_PA + PAGESIZE, R | X);
    expect(hart.run(1)).toBe(Exit.Quantum);
    expect(hart.x(5)).toBe(1n);
  });

  it('whose second page is unmapped after it has run: faults again', () => {
    const { rig, hart } = straddling();
    hart.run(1);
    rig.map(NEXT, 0, 0);
    hart.sfenceVma(undefined, undefined);
    hart.pc = NEXT - 2;
    expect(hart.run(1)).toBe(Exit.Trap);
    expect([hart.cause, hart.tvalNumber]).toEqual([Cause.FetchPageFault, NEXT]);
  });

  it('whose second page is mapped elsewhere after it has run: takes the new half', () => {
    const { rig, hart } = straddling();
    hart.run(1);
    rig.put(RAM + 0x50_0000, addi(77).slice(2));
    rig.map(NEXT, RAM + 0x50_0000, R | X);
    hart.sfenceVma(undefined, undefined);
    hart.pc = NEXT - 2;
    hart.run(1);
    expect(hart.x(5)).toBe(77n);
  });

  it('whose second half is rewritten takes the new half', () => {
    const { rig, hart } = straddling();
    hart.run(1);
    rig.put(CODE_PA + PAGESIZE, addi(9).slice(2));
    hart.pc = NEXT - 2;
    hart.run(1);
    expect(hart.x(5)).toBe(9n);
  });

  it('seen through two mappings with different second pages is two instructions', () => {
    const { rig, hart } = straddling();
    rig.put(RAM + 0x50_0000, addi(33).slice(2));
    rig.map(0x60_0000, CODE_PA, R | X);
    rig.map(0x60_1000, RAM + 0x50_0000, R | X);
    for (let n = 0; n < 3; n++) {
      hart.pc = NEXT - 2;
      hart.run(1);
      expect(hart.x(5)).toBe(1n);
      hart.pc = 0x60_0ffe;
      hart.run(1);
      expect(hart.x(5)).toBe(33n);
    }
  });

  it('that is illegal reports all its bits', () => {
    const { rig, hart } = straddling();
    rig.put(CODE_PA + PAGESIZE - 2, Uint8Array.of(0xff, 0xff));
    rig.put(CODE_PA + PAGESIZE, Uint8Array.of(0x34, 0x12));
    expect(hart.run(1)).toBe(Exit.Trap);
    expect([hart.cause, hart.tval]).toEqual([Cause.IllegalInstruction, 0x1234_ffffn]);
  });

  it('that is a system instruction works', () => {
    const { rig, hart } = straddling();
    const bytes = code(['csrrs', { rd: 5, csr: 0xc02, rs1: 0 }]);
    rig.put(CODE_PA + PAGESIZE - 2, bytes.slice(0, 2));
    rig.put(CODE_PA + PAGESIZE, bytes.slice(2));
    hart.setX(5, -1n);
    expect(hart.run(1)).toBe(Exit.Quantum);
    expect([hart.x(5), hart.pc]).toEqual([0n, NEXT + 2]);
  });

  it('costs nothing but its page entries in a long loop, and every count stays exact', () => {
    const { rig, hart } = straddling();
    rig.put(CODE_PA + PAGESIZE + 2, code(['jal', { rd: 0, imm: -4 }]));
    hart.run(20_001);
    expect([hart.instret, hart.pc]).toEqual([20_001, NEXT + 2]);
  });
});

describe('the end of a page', () => {
  it('falls through into the next virtual page, wherever that is in memory', () => {
    const { rig, hart } = userProgram();
    rig.put(CODE_PA + PAGESIZE - 4, addi(1));
    rig.put(RAM + 0x50_0000, addi(2));
    rig.map(NEXT, RAM + 0x50_0000, R | X);
    hart.pc = NEXT - 4;
    hart.run(2);
    expect([hart.x(5), hart.pc, hart.instret]).toEqual([2n, NEXT + 4, 2]);
  });

  it('falls into a fault at the first address of a page that is not there', () => {
    const { rig, hart } = userProgram();
    rig.put(CODE_PA + PAGESIZE - 4, addi(1));
    hart.pc = NEXT - 4;
    expect(hart.run(5)).toBe(Exit.Trap);
    expect([hart.cause, hart.tvalNumber, hart.pc, hart.instret, hart.x(5)]).toEqual([Cause.FetchPageFault, NEXT, NEXT, 1, 1n]);
  });
});

describe('a fetch fault', () => {
  it('where the page is not executable', () => {
    const { hart } = userProgram();
    hart.pc = DATA;
    expect(hart.run(1)).toBe(Exit.Trap);
    expect([hart.cause, hart.tvalNumber, hart.pc]).toEqual([Cause.FetchPageFault, DATA, DATA]);
  });

  it('where a jump leads nowhere: pc and tval are the target, the jump has retired', () => {
    const { hart } = userProgram(['jalr', { rd: 1, rs1: 11 }]);
    hart.setX(11, 0x123_4568n);
    expect(hart.run(5)).toBe(Exit.Trap);
    expect([hart.cause, hart.tvalNumber, hart.pc, hart.x(1), hart.instret]).toEqual([Cause.FetchPageFault, 0x123_4568, 0x123_4568, BigInt(CODE + 4), 1]);
  });

  it('where the target is not canonical: the exact address is in tval and in the pc', () => {
    const { hart } = userProgram(['jalr', { rd: 1, rs1: 11 }]);
    hart.setX(11, 0x7fff_ffff_ffff_fff2n);
    expect(hart.run(5)).toBe(Exit.Trap);
    expect([hart.cause, hart.tval, hart.pc64]).toEqual([Cause.FetchPageFault, 0x7fff_ffff_ffff_fff2n, 0x7fff_ffff_ffff_fff2n]);
  });

  it('where the page is no memory: access fault', () => {
    const { rig, hart } = userProgram();
    rig.map(NEXT, 0x2000_0000, R | X);
    hart.pc = NEXT;
    expect(hart.run(1)).toBe(Exit.Trap);
    expect([hart.cause, hart.tvalNumber]).toEqual([Cause.FetchAccess, NEXT]);
  });

  it('an illegal instruction: its bits in tval, 16 of them where it is short', () => {
    for (const [bytes, bits] of [[[0xff, 0xff, 0xff, 0xff], 0xffff_ffffn], [[0, 0, 0x12, 0x34], 0n], [[0x02, 0x80, 0xff, 0xff], 0x8002n]] as const) {
      const { rig, hart } = userProgram();
      rig.put(CODE_PA, Uint8Array.from(bytes));
      expect(hart.run(1)).toBe(Exit.Trap);
      expect([hart.cause, hart.tval, hart.pc]).toEqual([Cause.IllegalInstruction, bits, CODE]);
    }
  });
});

describe('code that changes', () => {
  /** Calls a function in a writable page, stores a new body, (fence.i,) calls it again; t0 is what it returned. */
  function selfModifying(fence: boolean): { rig: Rig; hart: Hart; rounds: (n: number) => void; pages: Set<number> } {
    const { rig, hart } = userProgram(['jalr', { rd: 1, rs1: 10 }], ['sw', { rs1: 10, rs2: 11 }], fence ? ['fence.i'] : ['addi'], ['jalr', { rd: 1, rs1: 10 }]);
    rig.map(DATA, DATA_PA, R | W | X);
    rig.put(DATA_PA, code(['addi', { rd: 5, rs1: 0, imm: 0 }], ['jalr', { rs1: 1 }]));
    let made = 0;
    const pages = new Set<number>();
    return {
      rig, hart, pages,
      rounds: (n) => {
        for (let i = 0; i < n; i++) {
          const imm = ++made % 2000;
          hart.setX(11, BigInt(new DataView(addi(imm).buffer).getInt32(0, true)));
          hart.pc = CODE;
          hart.run(2);
          pages.add(hart.state.cell(State.page));
          hart.run(1);
          hart.run(5);
          if (fence) expect(hart.x(5)).toBe(BigInt(imm));
        }
      },
    };
  }

  it('is executed as stored after fence.i, every time', () => {
    selfModifying(true).rounds(50);
  });

  it('takes no new decoded page each time', () => {
    // 3 MiB of decoded pages would be used up; what is dropped must be used again.
    const { rounds, pages } = selfModifying(true);
    rounds(3000);
    expect(pages.size).toBeLessThan(5);
  });

  it('is executed as written by the host, without a fence', () => {
    const { rig, hart } = userProgram(['addi', { rd: 5, rs1: 0, imm: 1 }]);
    for (let imm = 1; imm < 5; imm++) {
      rig.put(CODE_PA, addi(imm));
      hart.pc = CODE;
      hart.run(1);
      expect(hart.x(5)).toBe(BigInt(imm));
    }
  });

  it('is seen although the page was written, and cached for writing, before it was first executed', () => {
    const { rig, hart } = userProgram(['sw', { rs1: 10, rs2: 11 }], ['jalr', { rd: 1, rs1: 10 }], ['sw', { rs1: 10, rs2: 12 }], ['fence.i'], ['jalr', { rd: 1, rs1: 10 }]);
    rig.map(DATA, DATA_PA, R | W | X);
    rig.put(DATA_PA, code(['addi'], ['jalr', { rs1: 1 }]));
    const word = (imm: number): bigint => BigInt(new DataView(addi(imm).buffer).getInt32(0, true));
    hart.setX(11, word(11));
    hart.setX(12, word(12));
    hart.run(4);
    expect(hart.x(5)).toBe(11n);
    hart.run(4);
    expect(hart.x(5)).toBe(12n);
  });

  it('is seen through another mapping of the same page', () => {
    const { rig, hart } = userProgram(['sw', { rs1: 10, rs2: 11 }], ['fence.i'], ['addi', { rd: 5, rs1: 0, imm: 1 }]);
    rig.map(DATA, CODE_PA, R | W);
    hart.setX(10, BigInt(DATA + 8));
    hart.setX(11, BigInt(new DataView(addi(42).buffer).getInt32(0, true)));
    hart.pc = CODE + 8;
    hart.run(1);
    hart.pc = CODE;
    hart.run(3);
    expect(hart.x(5)).toBe(42n);
  });

  it('stays right when there is more code than decoded pages can hold', () => {
    const { rig, hart } = userProgram();
    const pages = 1100;
    for (let n = 0; n < pages; n++) {
      const pa = RAM + 0x10_0000 + n * PAGESIZE;
      rig.map(0x100_0000 + n * PAGESIZE, pa, R | X);
      rig.put(pa, code(['addi', { rd: 5, rs1: 5, imm: 1 }], ['jal', { rd: 0, imm: n === pages - 1 ? -4 : PAGESIZE - 4 }]));
    }
    for (let round = 1; round <= 2; round++) {
      hart.pc = 0x100_0000;
      hart.run(2 * pages);
      expect(hart.x(5)).toBe(BigInt(round * pages));
    }
  });
});
