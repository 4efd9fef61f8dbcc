/** Windows: which accesses ask for memory, for how much, and which rely on others; a wrong answer here would read a page nobody asked for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { discover } from '../../../src/hart/region/compiler/blocks.js';
import { type CodeSource, GuestInstruction } from '../../../src/hart/region/compiler/guest-code.js';
import { covers, intersection, type Span, spanOf, union } from '../../../src/hart/region/compiler/span.js';
import { findWindows, type Page } from '../../../src/hart/region/compiler/windows.js';
import { traitsNamed } from './plans.js';

const PAGE = 0x1000;
const [RA, SP, A0, A1] = [1, 2, 10, 11];

type Fields = Partial<Pick<GuestInstruction, 'rd' | 'rs1' | 'rs2' | 'imm'>>;
type Line = readonly [name: string, fields?: Fields];

/** How an instruction finds its memory, and what it asks for. */
interface Use {
  readonly window: number;
  readonly offset: number;
  readonly opens: Span | Page | undefined;
}

/** The use of each instruction of a program that begins at its first one. */
function usesOf(lines: readonly Line[], registers = true): (Use | undefined)[] {
  const code = lines.map(([name, { rd = 0, rs1 = 0, rs2 = 0, imm = 0 } = {}]) => new GuestInstruction(traitsNamed(name), rd, rs1, rs2, 0, imm, 4, -1));
  const source: CodeSource = { pageAt: () => PAGE, instructionAt: (_, at) => code[at >> 2] ?? null, copyOf: () => null, staysOpen: () => true };
  const { blocks } = discover([0], source, 100, 1);
  const uses = findWindows(blocks, registers);
  return code.map((instruction) => {
    const use = blocks.flatMap((block, n) => block.code.flatMap((other, k) => (other === instruction ? [uses[n]![k]!] : [])))[0];
    return use ? { window: use.window, offset: use.offset, opens: use.span ?? use.page ?? undefined } : undefined;
  });
}

const load = (rs1: number, imm: number, rd = A1): Line => ['ld', { rs1, imm, rd }];
const store = (rs1: number, imm: number): Line => ['sd', { rs1, imm, rs2: A1 }];
/** Whether each asks. */
const opens = (uses: readonly (Use | undefined)[]): unknown[] => uses.map((use) => use && use.opens !== undefined);

describe('windows of registers', () => {
  it('are opened by the first access for all that follow through the register', () => {
    const uses = usesOf([load(SP, 8), load(SP, 40), load(SP, 16), ['jalr', { rs1: RA }]]);
    expect(opens(uses)).toEqual([true, false, false, undefined]);
    expect(uses[0]!.opens).toEqual({ low: 8, high: 48, size: 8, at: 0 });
    expect(uses[1]).toMatchObject({ window: SP, offset: 40 });
  });

  it('end where the register is written', () => {
    expect(opens(usesOf([load(SP, 8), load(SP, 16), ['addi', { rd: SP, rs1: SP, imm: 64 }], load(SP, 8), load(SP, 16), ['jalr', { rs1: RA }]]))).toEqual([true, false, undefined, true, false, undefined]);
    expect(opens(usesOf([load(A0, 0), load(A0, 8, A0), load(A0, 16), load(A0, 24), ['jalr', { rs1: RA }]]))).toEqual([true, false, true, false, undefined]);
  });

  it('are of loads or of stores', () => {
    expect(opens(usesOf([load(SP, 8), store(SP, 8), load(SP, 0), store(SP, 0), ['jalr', { rs1: RA }]]))).toEqual([true, true, false, false, undefined]);
  });

  it('are not made for one access, for bytes far from each other, or for accesses one of which must be misaligned', () => {
    expect(usesOf([load(SP, 8), ['jalr', { rs1: RA }]])[0]).toBeUndefined();
    expect(opens(usesOf([load(SP, 0), load(SP, 1024), ['jalr', { rs1: RA }]]))).toEqual([undefined, undefined, undefined]);
    expect(opens(usesOf([load(SP, 0), load(SP, 4), ['jalr', { rs1: RA }]]))).toEqual([undefined, undefined, undefined]);
  });

  it('last beyond a branch, but not where another way comes in that has not asked', () => {
    expect(opens(usesOf([load(SP, 8), ['beq', { imm: 8 }], load(SP, 16), load(SP, 24), ['jalr', { rs1: RA }]]))).toEqual([true, undefined, false, false, undefined]);
    expect(opens(usesOf([['beq', { imm: 12 }], load(SP, 8), load(SP, 16), load(SP, 16), load(SP, 8), ['jalr', { rs1: RA }]]))).toEqual([undefined, true, false, true, false, undefined]);
  });

  it('begin anew where a region is entered, as at the heads of loops', () => {
    expect(opens(usesOf([load(SP, 8), load(SP, 16), load(SP, 8), load(SP, 16), ['bne', { imm: -8 }], ['jalr', { rs1: RA }]]))).toEqual([true, false, true, false, undefined, undefined]);
  });

  it('are left out where they are not wanted', () => {
    expect(opens(usesOf([load(SP, 8), load(SP, 16), ['jalr', { rs1: RA }]], false))).toEqual([undefined, undefined, undefined]);
  });
});

describe('windows of pages', () => {
  it('are shared by accesses whose page is known, through whatever register', () => {
    const uses = usesOf([['lui', { rd: A0, imm: 0x1_5000 }], load(A0, 8), ['lui', { rd: SP, imm: 0x1_6000 }], load(SP, -8), store(SP, -16), ['jalr', { rs1: RA }]]);
    expect(opens(uses)).toEqual([undefined, true, undefined, false, true, undefined]);
    expect(uses[1]).toMatchObject({ offset: 8, opens: { page: 0x15, relative: false } });
    expect(uses[3]).toMatchObject({ offset: 0xff8, window: uses[1]!.window });
  });

  it('move with the code where the address does', () => {
    const uses = usesOf([['auipc', { rd: A0, imm: 0x2000 }], ['addi', { rd: A0, rs1: A0, imm: 16 }], load(A0, 0), ['jalr', { rs1: RA }]]);
    expect(uses[2]).toMatchObject({ offset: 16, opens: { page: 2, relative: true } });
  });

  it('do not take misaligned accesses', () => {
    expect(usesOf([['lui', { rd: A0, imm: 0x1_5000 }], load(A0, 4), ['jalr', { rs1: RA }]])[1]).toBeUndefined();
  });

  it('do not outlive what is known of a register', () => {
    expect(opens(usesOf([['lui', { rd: A0, imm: 0x1_5000 }], ['add', { rd: A0, rs1: A0, rs2: A1 }], load(A0, 8), ['jalr', { rs1: RA }]]))).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('spans', () => {
  const accesses = fc.tuple(fc.integer({ min: -100, max: 100 }), fc.constantFrom(1, 2, 4, 8));
  /** Whether a span promises an access, by trying every content of a register. */
  const promised = (span: Span, imm: number, size: number): boolean => {
    for (let x = 4096; x < 4096 + 64; x++) if ((x + span.at) % span.size === 0 && (x + imm) % size !== 0) return false;
    return imm >= span.low && imm + size <= span.high;
  };

  it('cover what they promise and nothing else', () => {
    fc.assert(fc.property(accesses, accesses, accesses, ([a, s], [b, t], [c, u]) => {
      const both = union(spanOf(a, s), spanOf(b, t)) ?? spanOf(a, s);
      expect(covers(both, c, u)).toBe(promised(both, c, u));
      expect(covers(both, a, s)).toBe(true);
    }), { seed: 4, numRuns: 3000 });
  });

  it('promise together only what each does', () => {
    fc.assert(fc.property(accesses, accesses, accesses, accesses, ([a, s], [b, t], [c, u], [d, v]) => {
      const [one, other] = [union(spanOf(a, s), spanOf(b, t)) ?? spanOf(a, s), union(spanOf(c, u), spanOf(d, v)) ?? spanOf(c, u)];
      const common = intersection(one, other);
      for (const [imm, size] of [[a, s], [b, t], [c, u], [d, v]] as const) {
        if (common && covers(common, imm, size)) expect(covers(one, imm, size) && covers(other, imm, size)).toBe(true);
      }
    }), { seed: 5, numRuns: 3000 });
  });
});
