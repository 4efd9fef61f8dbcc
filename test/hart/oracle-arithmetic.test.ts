/** Every register and immediate operation on every pair of edge values, against the oracle: random programs meet few of them. */
import { describe, expect, it } from 'vitest';
import { asPaddr } from '../../src/base/index.js';
import { Bus } from '../../src/bus/index.js';
import { HART_RESERVED, Hart, HartEngine } from '../../src/hart/index.js';
import { assemble } from '../../guest/index.js';
import { OracleHart } from '../oracle/hart.js';
import { OraclePhysical } from '../oracle/hart-memory.js';

const RAM = 0x8000_0000;
const edges: readonly bigint[] = [
  0n, 1n, -1n, 2n, -2n, 31n, 32n, 63n, 64n, 0x7fn, 0x80n, 0x7fffn, -0x8000n, 0x7fffffffn, 0x80000000n, -0x80000000n, -0x80000001n, 0xffffffffn, 0x100000000n, -0x100000000n, 0x180000000n,
  0x123456789abcdef0n, -0x123456789abcdef1n, (1n << 63n) - 1n, -(1n << 63n), -(1n << 63n) + 1n,
];
const pairs = ['add', 'sub', 'sll', 'slt', 'sltu', 'xor', 'srl', 'sra', 'or', 'and', 'addw', 'subw', 'sllw', 'srlw', 'sraw', 'mul', 'mulh', 'mulhsu', 'mulhu', 'div', 'divu', 'rem', 'remu', 'mulw', 'divw', 'divuw', 'remw', 'remuw'];
const immediates = ['addi', 'slti', 'sltiu', 'xori', 'ori', 'andi', 'addiw'].flatMap((name) => [-2048, -1, 0, 1, 2047].map((imm) => `${name} a2, a0, ${imm}`));
const shifts = ['slli', 'srli', 'srai'].flatMap((name) => [0, 1, 31, 32, 63].map((n) => `${name} a2, a0, ${n}`)).concat(['slliw', 'srliw', 'sraiw'].flatMap((name) => [0, 1, 31].map((n) => `${name} a2, a0, ${n}`)));
/** Each result is added to a sum that depends on the order. */
const source = [...pairs.map((name) => `${name} a2, a0, a1`), ...immediates, ...shifts].map((line) => `${line}\n li t0, 31\n mul a3, a3, t0\n add a3, a3, a2`);

const bus = new Bus({ ramBase: asPaddr(RAM), ramSize: 65536, reserved: HART_RESERVED, poolSize: 0 });
const hart = new Hart(new HartEngine(bus), { id: 0, kernel: false });

const codes = new Map<string, Uint8Array>();
function codeOf(lines: readonly string[]): Uint8Array {
  const text = lines.join('\n');
  const bytes = codes.get(text) ?? assemble(text, { base: RAM }).sections[0]!.bytes;
  codes.set(text, bytes);
  return bytes;
}

const memory = new OraclePhysical(BigInt(RAM), 65536);

function check(lines: readonly string[], a: bigint, b: bigint): void {
  const bytes = codeOf(lines);
  memory.bytes.set(bytes);
  const oracle = new OracleHart(memory, false);
  oracle.pc = BigInt(RAM);
  [oracle.x[10], oracle.x[11]] = [a, b];
  for (let n = 0; n < bytes.length / 4; n++) oracle.step();
  bus.write(bus.ramBase, bytes);
  hart.fenceI();
  hart.pc = RAM;
  for (const [register, value] of [[10, a], [11, b], [13, 0n]] as const) hart.setX(register, value);
  hart.run(bytes.length / 4);
  if (hart.x(13) === oracle.x[13]) return;
  // The sum differs: find the operation.
  if (lines.length > 1) for (const line of lines) check([line], a, b);
  expect(`${lines.join('; ')} of ${a} and ${b}: ${hart.x(12)}`).toBe(`${lines.join('; ')} of ${a} and ${b}: ${oracle.x[12]}`);
}

describe('arithmetic', () => {
  it('agrees with the oracle on every operation and pair of edge values', () => {
    for (const a of edges) for (const b of edges) check(source, a, b);
  }, 60_000);
});
