/**
 * Random programs that any RISC-V Linux can run: they end, stay inside their memory and trap nowhere. Each begins with
 * all registers and a block of memory loaded, loops, and leaves all of them in a result that is written at the end.
 */
import * as fc from 'fast-check';
import { anyRegister } from './float-values.js';
import { KINDS, POINTERS, kindOf, registerValue } from './hart-programs.js';
import type { Item } from './hart-programs.js';
import { linuxElf, writeAndExit } from './linux-program.js';
import { B, FLOAT_POOL, I, POOL_POINTER, wide } from './program-encodings.js';

/** One program and what it starts from. */
export interface LinuxProgram {
  readonly items: readonly Item[];
  readonly registers: readonly bigint[];
  readonly floats: readonly bigint[];
  readonly fcsr: number;
  /** Runs of the body. */
  readonly rounds: number;
}

/** tp counts the rounds of the body, s9 points to the result, s11 is how many branches backwards a program may still take. */
const [ROUNDS, RESULT, FUEL] = [4, 25, 27];
const MEMORY = 5120;
/** x0 to x31, f0 to f31, fcsr, memory. */
const RESULT_SIZE = 32 * 8 + 32 * 8 + 8 + MEMORY;
const BACK = 'back';
/** Kinds that leave the program, trap, or do what implementations may do differently; and ctzw, which QEMU before 8.0 gets wrong. */
const LEFT_OUT = new Set(['ctzw', 'jalr', 'c.jr', 'ecall', 'ebreak', 'c.ebreak', 'csr', 'privileged', 'word', 'c.word', 'patch', 'call patch', 'fcsr', 'amo2.2', 'amo2.3', 'amo3.2', 'amo3.3',
  'cbo', 'any csr', 'steer', 'mret to', 'sret to', 'system']);
const LINUX_KINDS = KINDS.filter((name) => !LEFT_OUT.has(name));

const number = fc.nat(0xffff);
const item: fc.Arbitrary<Item> = fc.record({
  kind: fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...LINUX_KINDS) }, { weight: 2, arbitrary: fc.constant(BACK) }), rd: number, a: number, b: number,
  to: number, imm: fc.oneof(fc.integer({ min: -2048, max: 2040 }), fc.integer({ min: -16, max: 16 })),
}).map((i) => {
  // What must not be: a misaligned atomic or (64) a reserved rounding mode; c.mv and c.add from x0, which are jumps; lr into the register with the address of sc.
  const to = i.to % 8 === 0 ? i.to + 1 : i.to;
  if (i.kind === 'c.mv' || i.kind === 'c.add') return { ...i, to, b: i.b | 1 };
  return i.kind.startsWith('lrsc') ? { ...i, to, rd: 0 } : { ...i, to };
});
export const linuxProgram: fc.Arbitrary<LinuxProgram> = fc.record({
  items: fc.array(item, { minLength: 1, maxLength: 50 }), registers: fc.array(registerValue, { minLength: 7, maxLength: 19 }), floats: fc.array(anyRegister, { minLength: 11, maxLength: 31 }),
  fcsr: fc.tuple(fc.nat(4), fc.nat(31)).map(([frm, fflags]) => (frm << 5) | fflags), rounds: fc.constantFrom(1, 2, 40),
});

const parcelsOf = (i: Item): number => (i.kind === BACK ? 4 : kindOf(i.kind).parcels);

/** The parcels of the body. All branches go forward but those of BACK, which the fuel bounds. */
export function body({ items }: LinuxProgram): number[] {
  const starts: number[] = [];
  let at = 0;
  for (const i of items) {
    starts.push(at);
    at += 2 * parcelsOf(i);
  }
  starts.push(at);
  return items.flatMap((i, n) => {
    if (i.kind === BACK) return wide(I(0x13, 0, FUEL, FUEL, -1), B(4, 0, FUEL, starts[i.to % (n + 1)]! - starts[n]! - 4));
    const target = n + 1 + (i.to % (items.length - n));
    return kindOf(i.kind).encode(i, starts[target]! - starts[n]!);
  });
}

const unsigned = (values: readonly bigint[]): string => values.map((value) => BigInt.asUintN(64, value)).join(', ');
const each = (line: (n: number) => string): string => Array.from({ length: 31 }, (_, n) => n + 1).map(line).join('\n');
const fload = (n: number, offset: number): string => `.word ${I(0x07, 3, n, RESULT, offset)}`;
const fstore = (n: number, offset: number): string => `.word ${((offset >> 5) << 25 | n << 20 | RESULT << 15 | 3 << 12 | (offset & 31) << 7 | 0x27) >>> 0}`;
const copyMemory = (from: string, to: string): string => `
        la   t0, ${from}
        ${to}
        li   t2, ${MEMORY / 8}
1:      ld   t3, 0(t0)
        sd   t3, 0(t1)
        addi t0, t0, 8
        addi t1, t1, 8
        addi t2, t2, -1
        bnez t2, 1b`;

function code(program: LinuxProgram, k: number): string {
  return `
        ${copyMemory('template', 'la t1, memory')}
        la   x${RESULT}, start${k}
        ld   t0, 512(x${RESULT})
        .word ${I(0x73, 1, 0, 5, 3)}            # csrw fcsr, t0
        ${Array.from({ length: 32 }, (_, n) => fload(n, 256 + 8 * n)).join('\n')}
        ${each((n) => (n === RESULT ? '' : `ld x${n}, ${8 * n}(x${RESULT})`))}
        la   x${RESULT}, results + ${k * RESULT_SIZE}
round${k}:
        .half ${body(program).join(', ')}
        .balign 4
        addi x${ROUNDS}, x${ROUNDS}, -1
        blez x${ROUNDS}, dump${k}
        j    round${k}
dump${k}:
        ${each((n) => `sd x${n}, ${8 * n}(x${RESULT})`)}
        ${Array.from({ length: 32 }, (_, n) => fstore(n, 256 + 8 * n)).join('\n')}
        .word ${I(0x73, 2, 5, 0, 3)}            # csrr t0, fcsr
        sd   t0, 512(x${RESULT})
        ${copyMemory('memory', `addi t1, x${RESULT}, 520`)}`;
}

function data({ registers, floats, fcsr, rounds }: LinuxProgram, k: number): string {
  const x = Array.from({ length: 32 }, (_, n) => BigInt.asUintN(64, registers[n % registers.length]!).toString());
  POINTERS.forEach((register, n) => { x[register] = `memory + ${2048 + 8 * ((n * 73) % 128)}`; });
  x[POOL_POINTER] = `pool`;
  x[ROUNDS] = String(rounds);
  x[FUEL] = '60';
  return `
start${k}: .dword ${x.join(', ')}
        .dword ${unsigned(Array.from({ length: 32 }, (_, n) => floats[(n * 5 + 1) % floats.length]!))}
        .dword ${fcsr}`;
}

/** An executable that runs the programs one after the other and writes all results. */
export function linuxPrograms(programs: readonly LinuxProgram[]): Uint8Array {
  const { floats } = programs[0]!;
  const template = Array.from({ length: MEMORY / 8 }, (_, n) => (n % 3 === 0 ? floats[n % floats.length]! : BigInt(Math.imul(n, 2654435761) >>> 0) * BigInt(n % 5)));
  return linuxElf(`
        .globl _start
_start:
        ${programs.map(code).join('\n')}
        ${writeAndExit('results', String(programs.length * RESULT_SIZE))}
        .data
        .balign 64
        ${programs.map(data).join('\n')}
pool:   .dword ${unsigned(Array.from({ length: FLOAT_POOL }, (_, n) => floats[n % floats.length]!))}
template: .dword ${unsigned(template)}
        .bss
        .balign 64
memory: .space ${MEMORY}
results: .space ${programs.length * RESULT_SIZE}
`);
}

/** Where two results differ: [program, what, value, value]; undefined where nowhere. */
export function firstDifference(a: Buffer, b: Buffer, programs: number): readonly [program: number, text: string] | undefined {
  if (a.length !== b.length) return [-1, `${a.length} bytes, ${b.length} expected`];
  for (let k = 0; k < programs; k++) for (let at = 0; at < RESULT_SIZE; at += 8) {
    const [x, y] = [a, b].map((result) => result.readBigUInt64LE(k * RESULT_SIZE + at)) as [bigint, bigint];
    const name = at < 256 ? `x${at / 8}` : at < 512 ? `f${at / 8 - 32}` : at === 512 ? 'fcsr' : `memory + ${at - 520}`;
    if (x !== y) return [k, `${name} is ${x.toString(16)}, expected ${y.toString(16)}`];
  }
  return undefined;
}
