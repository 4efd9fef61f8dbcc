/** Random programs as Linux processes of our machine, on the oracle and (opt-in: SEGDEV_QEMU_USER=1) under qemu-riscv64: the same bytes come out. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disassemble } from '../../src/hart/index.js';
import { createMachine } from '../../src/machine/index.js';
import { readElf } from '../../guest/index.js';
import { OracleHart } from './hart.js';
import { OraclePhysical } from './hart-memory.js';
import { runUnderQemu, underQemuUser } from './linux-program.js';
import { body, firstDifference, linuxProgram, linuxPrograms } from './linux-random.js';
import type { LinuxProgram } from './linux-random.js';
import { seeded } from './runs.js';

/** The same on the oracle: it has system calls enough to write and exit. */
function runOnOracle(elf: Uint8Array): Buffer {
  const memory = new OraclePhysical(0x10000n, 2 ** 20);
  const { segments, entry } = readElf(elf);
  for (const segment of segments) memory.bytes.set(segment.data, segment.address - 0x10000);
  const hart = new OracleHart(memory, true);
  hart.csr.prepareUser();
  hart.pc = BigInt(entry);
  const out: Uint8Array[] = [];
  for (;;) {
    const trap = hart.step();
    if (trap === undefined) continue;
    if (trap.cause !== 8) throw new Error(`cause ${trap.cause} at ${hart.pc.toString(16)}, tval ${trap.tval.toString(16)}`);
    const [from, length] = [Number(hart.x[11]) - 0x10000, Number(hart.x[12])];
    if (hart.x[17] !== 64n) return Buffer.concat(out);
    out.push(memory.bytes.slice(from, from + length));
    hart.x[10] = BigInt(length);
    hart.pc += 4n;
  }
}

/** Programs in one executable. */
const BATCH = 25;

function runHere(elf: Uint8Array): Buffer {
  const out: Uint8Array[] = [];
  // One quantum: a switch between lr and sc would make sc fail, as it may.
  const machine = createMachine({ ramSize: 32 * 2 ** 20, poolSize: 2 ** 20, quantum: 100_000_000, stdout: (bytes) => void out.push(bytes) });
  machine.spawn(elf, ['random']);
  expect(machine.run({ maxInstructions: 100_000_000 })).toEqual({ status: 'exited', code: 0 });
  return Buffer.concat(out);
}

function listing(program: LinuxProgram): string {
  const parcels = body(program);
  const lines: string[] = [];
  for (let i = 0; i < parcels.length; i += (parcels[i]! & 3) === 3 ? 2 : 1) lines.push(`${(2 * i).toString(16)}: ${disassemble((parcels[i]! + (parcels[i + 1] ?? 0) * 65536) >>> 0, 2 * i)}`);
  return lines.join('\n');
}

/** Runs programs in two places: where something differs, which program, what, and its text. */
function difference(n: number, run: (elf: Uint8Array) => Buffer, expected: (elf: Uint8Array) => Buffer): string | undefined {
  const { numRuns, seed } = seeded(n);
  const programs = fc.sample(linuxProgram, { numRuns, seed });
  for (let at = 0; at < programs.length; at += BATCH) {
    const batch = programs.slice(at, at + BATCH);
    const elf = linuxPrograms(batch);
    const found = firstDifference(run(elf), expected(elf), batch.length);
    if (found !== undefined) return `seed ${seed}, program ${at + found[0]}: ${found[1]}\n${listing(batch[found[0]] ?? batch[0]!)}`;
  }
  process.stderr.write(`${numRuns} random Linux programs compared, seed ${seed}\n`);
  return undefined;
}

describe('random Linux programs leave the registers and the memory', () => {
  it('in our machine that they leave on the oracle', () => {
    expect(difference(10, runHere, runOnOracle)).toBeUndefined();
  }, 600_000);

  underQemuUser('random programs with qemu-riscv64', () => {
    it('on the oracle that they leave under qemu-riscv64', () => {
      expect(difference(100, runOnOracle, runUnderQemu)).toBeUndefined();
    }, 3_600_000);

    it('in our machine that they leave under qemu-riscv64', () => {
      expect(difference(500, runHere, runUnderQemu)).toBeUndefined();
    }, 3_600_000);
  });
});
