/** Verdicts of conformance tests, and the names they are counted under. */
import { describe, expect, it } from 'vitest';
import { familyOf, runConformanceTest, type Verdict } from '../../src/bare/index.js';
import { unsupportedExtensions } from '../../src/bare/conformance.js';
import { assemble } from '../../guest/index.js';
import { HTIF_DATA, program } from './kit.js';

const exit = (code: number, more = ''): Uint8Array => program(`
  li t0, ${2 * code + 1}
  la t1, tohost
  sd t0, 0(t1)
spin: j spin ${HTIF_DATA} ${more}`);
/** A program that does not lie in RAM. */
const elsewhere = assemble('nop', { base: 0x10000 }).elf;

/** The same program with a .riscv.attributes section behind everything else. [RISC-V ELF psABI, Attributes] */
function withArchitecture(elf: Uint8Array, text: string): Uint8Array {
  const value = Buffer.from(`\x05${text}\0`, 'latin1');
  const word = (n: number): Buffer => Buffer.from(Uint32Array.of(n).buffer);
  const attributes = Buffer.concat([Buffer.from('A'), word(value.length + 15), Buffer.from('riscv\0\x01', 'latin1'), word(value.length + 5), value]);
  const old = Buffer.from(elf);
  const [table, count] = [Number(old.readBigUInt64LE(0x28)), old.readUInt16LE(0x3c)];
  const header = Buffer.alloc(64);
  header.writeUInt32LE(0x7000_0003, 4);
  header.writeBigUInt64LE(BigInt(old.length), 24);
  header.writeBigUInt64LE(BigInt(attributes.length), 32);
  const all = Buffer.concat([old, attributes, old.subarray(table, table + 64 * count), header]);
  all.writeBigUInt64LE(BigInt(old.length + attributes.length), 0x28);
  all.writeUInt16LE(count + 1, 0x3c);
  return all;
}

const verdict = (elf: Uint8Array, reference?: string): Pick<Verdict, 'verdict' | 'reason'> => {
  const { verdict: outcome, reason } = runConformanceTest({ program: elf, reference, maxInstructions: 10_000 });
  return { verdict: outcome, reason };
};

describe('a conformance test', () => {
  it('passes by its exit code, and fails with the number of what failed', () => {
    expect(verdict(exit(0))).toEqual({ verdict: 'pass', reason: '' });
    expect(verdict(exit(7))).toEqual({ verdict: 'fail', reason: 'test 7' });
  });

  it('fails where it does not end, can never go on, or asks for a reset', () => {
    expect(verdict(program('spin: j spin')).reason).toBe('no end after 10000 instructions');
    expect(verdict(program('wfi')).reason).toBe('waits for an interrupt that can never come');
    expect(verdict(program('csrw mtvec, zero\n ecall')).reason).toBe('the trap handler at 0x0 cannot be fetched');
    expect(verdict(program('li t0, 0x7777\n li t1, FINISHER\n sw t0, 0(t1)\n wfi')).reason).toBe('asked for a reset');
  });

  it('is compared with its reference signature, whatever the width of its lines', () => {
    const elf = exit(0, 'begin_signature: .dword 0x1122334455667788\n end_signature:');
    expect(verdict(elf, '55667788\n11223344\n').verdict).toBe('pass');
    expect(verdict(elf, '1122334455667788').verdict).toBe('pass');
    expect(verdict(elf, '55667788\n11223345')).toEqual({ verdict: 'fail', reason: 'signature line 2 is 11223344, not 11223345' });
    expect(verdict(elf, '55667788\n11223344\n00000000').reason).toBe('signature line 3 is missing, not 00000000');
    expect(verdict(exit(0), '55667788').reason).toBe('has no signature, but there is a reference');
  });

  it('fails where it cannot be loaded', () => {
    expect(verdict(Uint8Array.of(0x7f, 0x45))).toEqual({ verdict: 'fail', reason: expect.stringMatching(/^cannot be loaded: ./) as string });
    const elf = exit(0);
    elf[4] = 1;
    expect(verdict(elf)).toEqual({ verdict: 'fail', reason: 'cannot be loaded: not a 64-bit ELF file: class 1 (32-bit) at byte 4' });
    expect(verdict(elsewhere)).toEqual({ verdict: 'fail', reason: expect.stringMatching(/^cannot be loaded: .* lies outside RAM/) as string });
  });

  it.each([
    ['fails', exit(7), 'v'], ['cannot be loaded', elsewhere, 'v'],
  ] as const)('that %s is unsupported where it was built for an extension the machine lacks', (_how, elf, extension) => {
    expect(verdict(withArchitecture(elf, 'rv64i2p1_m2p0'))).toMatchObject({ verdict: 'fail' });
    expect(verdict(withArchitecture(elf, `rv64i2p1_${extension}1p0`))).toEqual({ verdict: 'unsupported', reason: `built for ${extension}` });
  });

  it('that passes is passed, whatever it was built for', () => {
    expect(verdict(withArchitecture(exit(0), 'rv64i2p1_v1p0')).verdict).toBe('pass');
  });

  it('is no verdict where the caller is wrong: that error goes on', () => {
    expect(() => runConformanceTest({ program: exit(0), reference: undefined, maxInstructions: -1 })).toThrow(RangeError);
  });

  it('tells from its architecture string what the machine lacks', () => {
    expect(unsupportedExtensions('rv64i2p1_m2p0_a2p1_f2p2_d2p2_c2p0_zicsr2p0_zba1p0')).toEqual([]);
    expect(unsupportedExtensions('rv64i2p1_v1p0_zfh1p0_zvl128b1p0')).toEqual(['v', 'zfh', 'zvl128b']);
    expect(unsupportedExtensions('rv64imac')).toEqual([]);
    expect(unsupportedExtensions(undefined)).toEqual([]);
  });

  it('belongs to the family its name begins with', () => {
    expect(['rv64ui-p-add', 'rv64mi-p-ma_addr', 'pmp64-NA4-R', 'misalign1', 'svadu_sv39'].map(familyOf)).toEqual(['rv64ui-p', 'rv64mi-p', 'pmp64', 'misalign', 'svadu_sv']);
  });
});
