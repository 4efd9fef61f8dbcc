import { describe, expect, it } from 'vitest';
import { Trace, traceText } from '../../src/base/index.js';
import { RegisterBank, registerTable, type RegisterBankOptions, type RegisterSpec } from '../../src/bus/index.js';

const ID: RegisterSpec = { name: 'ID', offset: 0x00, size: 4, access: 'ro', reset: 0x5e9d_e501n, reserved: 0n, doc: 'Identification.' };
const CONTROL: RegisterSpec = { name: 'CONTROL', offset: 0x04, size: 4, access: 'rw', reset: 0x10n, reserved: 0xffff_ff00n, doc: 'Control.' };
const STATUS: RegisterSpec = { name: 'STATUS', offset: 0x08, size: 4, access: 'w1c', reset: 0n, reserved: 0xffff_fff0n, doc: 'Status.' };
const DOORBELL: RegisterSpec = { name: 'DOORBELL', offset: 0x0c, size: 4, access: 'wo', reset: 0n, reserved: 0n, doc: 'Starts the engine.' };
const COUNTER: RegisterSpec = { name: 'COUNTER', offset: 0x10, size: 8, access: 'ro', reset: 0n, reserved: 0n, latched: true, doc: 'Nanoseconds.' };
const ADDRESS: RegisterSpec = { name: 'ADDRESS', offset: 0x20, size: 8, access: 'rw', reset: 0n, reserved: 0xfffn, doc: 'Where to | read.' };
const ALL = [ID, CONTROL, STATUS, DOORBELL, COUNTER, ADDRESS];

const bank = (o: Partial<RegisterBankOptions> = {}): RegisterBank => new RegisterBank({ device: 'dev0', registers: ALL, ...o });
const rules = (b: RegisterBank): string[] => b.findings.map((finding) => `${finding.rule} x${finding.count}: ${finding.what}`);

describe('a register', () => {
  it('begins with its reset value and returns to it', () => {
    const b = bank();
    b.set('ID', 1n);
    b.write(0x04, 4, 0x22n);
    b.reset();
    expect([b.read(0, 4), b.read(4, 4)]).toEqual([0x5e9d_e501n, 0x10n]);
  });

  it('rw holds what is written, but for reserved bits, and writing those is a finding', () => {
    const b = bank();
    b.write(0x04, 4, 0xff34n);
    expect(b.read(0x04, 4)).toBe(0x34n);
    expect(rules(b)).toEqual(['register-reserved-bits x1: dev0: write of 0xff34 to CONTROL: reserved bits 0xff00']);
  });

  it('ro does not change, and writing it is a finding', () => {
    const b = bank();
    expect(b.write(0, 4, 0n)).toBe(true);
    expect(b.read(0, 4)).toBe(0x5e9d_e501n);
    expect(rules(b)).toEqual(['register-read-only x1: dev0: write of 0x0 to ID']);
  });

  it('w1c bits are set by the device and cleared by the ones written, no others', () => {
    const b = bank();
    b.set('STATUS', 0b1011n);
    b.write(0x08, 4, 0b0110n);
    expect(b.read(0x08, 4)).toBe(0b1001n);
    b.write(0x08, 4, 0n);
    expect(b.read(0x08, 4)).toBe(0b1001n);
    expect(rules(b)).toEqual([]);
  });

  it('wo reads as zero, with a finding', () => {
    const b = bank();
    b.write(0x0c, 4, 5n);
    expect(b.read(0x0c, 4)).toBe(0n);
    expect(rules(b)).toEqual(['register-write-only x1: dev0: read of DOORBELL']);
  });

  it('that is not there is a bus error and a finding, never a silent zero; the finding counts', () => {
    const b = bank();
    expect([b.read(0x18, 4), b.read(0x18, 4), b.write(0x100, 4, 1n)]).toEqual([undefined, undefined, false]);
    expect(rules(b)).toEqual(['register-undeclared x2: dev0: read of 4 bytes at offset 0x18', 'register-undeclared x1: dev0: write of 4 bytes at offset 0x100']);
  });

  it('is not read together with its neighbour by one wide access', () => {
    const b = bank();
    expect(b.read(0x00, 8)).toBeUndefined();
    expect(b.write(0x08, 8, 0n)).toBe(false);
    expect(b.findings.map((finding) => finding.rule)).toEqual(['register-undeclared', 'register-undeclared']);
  });
});

describe('parts of a wide register', () => {
  it('are read and written alone, the other half untouched', () => {
    const b = bank();
    b.write(0x20, 8, 0x1111_2222_3333_4000n);
    b.write(0x24, 4, 0xaaaa_bbbbn);
    expect(b.read(0x20, 8)).toBe(0xaaaa_bbbb_3333_4000n);
    b.write(0x20, 4, 0x5000n);
    expect([b.read(0x20, 4), b.read(0x24, 4)]).toEqual([0x5000n, 0xaaaa_bbbbn]);
  });

  it('check reserved bits of their own half only', () => {
    const b = bank();
    b.write(0x24, 4, 0xfffn);
    expect(rules(b)).toEqual([]);
    b.write(0x20, 4, 0x1001n);
    expect(rules(b)).toEqual(['register-reserved-bits x1: dev0: write of 0x1001 to ADDRESS[31:0]: reserved bits 0x1']);
  });

  it('of a latched register belong together: the low half captures, the high half answers from it', () => {
    let now = 0xffff_ffffn;
    const b = bank({ hooks: { COUNTER: { onRead: () => now } } });
    expect(b.read(0x10, 4)).toBe(0xffff_ffffn);
    now += 2n;
    expect(b.read(0x14, 4)).toBe(0n);
    expect(b.read(0x10, 8)).toBe(0x1_0000_0001n);
    expect([b.read(0x10, 4), b.read(0x14, 4)]).toEqual([1n, 1n]);
  });
});

describe('hooks', () => {
  it('see new value and old, for w1c the bits cleared, for wo the bits written', () => {
    const seen: string[] = [];
    const note = (name: string) => (value: bigint, before: bigint): void => { seen.push(`${name} ${value.toString(16)} was ${before.toString(16)}`); };
    const b = bank({ hooks: { CONTROL: { onWrite: note('CONTROL') }, STATUS: { onWrite: note('STATUS') }, DOORBELL: { onWrite: note('DOORBELL') }, ADDRESS: { onWrite: note('ADDRESS') } } });
    b.set('STATUS', 3n);
    b.write(4, 4, 0x11n);
    b.write(8, 4, 0x6n);
    b.write(0xc, 4, 0x7n);
    b.write(0x24, 4, 0x9n);
    expect(seen).toEqual(['CONTROL 11 was 10', 'STATUS 2 was 3', 'DOORBELL 7 was 0', 'ADDRESS 900000000 was 0']);
  });

  it('are not called for an access that is refused', () => {
    const b = bank({ hooks: { ID: { onWrite: () => { throw new Error('called'); } } } });
    b.write(0, 4, 1n);
  });
});

describe('the trace', () => {
  it('names the register, the part of it, and what is not there', () => {
    const trace = new Trace();
    const lines: string[] = [];
    trace.listen((event) => { lines.push(traceText(event)); });
    const b = bank({ trace });
    b.read(0, 4);
    b.write(0x24, 4, 0x12n);
    b.write(0x20, 8, 0x3000n);
    b.read(0x40, 4);
    expect(lines).toEqual([
      'reg.read device=dev0 register=ID size=0x4 value=0x5e9de501',
      'reg.write device=dev0 register=ADDRESS[63:32] size=0x4 value=0x12',
      'reg.write device=dev0 register=ADDRESS size=0x8 value=0x3000',
      'finding rule=register-undeclared what=dev0: read of 4 bytes at offset 0x40',
      'reg.read device=dev0 register=?0x40 size=0x4 value=bus error',
    ]);
  });
});

describe('register data', () => {
  const refuse = (what: string, change: Partial<RegisterSpec>, message: RegExp): void => {
    it(`${what} is refused by name`, () => {
      expect(() => bank({ registers: [ID, { ...CONTROL, ...change }] })).toThrow(RangeError);
      expect(() => bank({ registers: [ID, { ...CONTROL, ...change }] })).toThrow(message);
    });
  };
  refuse('an overlap', { offset: 0 }, /CONTROL overlaps ID|ID overlaps CONTROL/);
  refuse('a misaligned offset', { offset: 6 }, /CONTROL has offset 6/);
  refuse('a negative offset', { offset: -4 }, /CONTROL has offset -4/);
  refuse('a width that is none', { size: 3 as 4 }, /CONTROL is 3 bytes wide/);
  refuse('a reset value that does not fit', { reset: 1n << 32n }, /CONTROL has reset value 0x100000000/);
  refuse('reserved bits that do not fit', { reserved: 1n << 40n }, /CONTROL has reserved bits/);
  refuse('no documentation', { doc: ' ' }, /CONTROL has no documentation/);
  refuse('no name', { name: '' }, /at offset 4 has no name/);
  refuse('a name twice', { name: 'ID', offset: 8 }, /ID is declared twice/);
  refuse('a latch nobody can read', { access: 'wo', latched: true }, /CONTROL is write only/);

  it('a hook for a register that does not exist is refused', () => {
    expect(() => bank({ hooks: { CONTORL: {} } })).toThrow(/dev0 has no register CONTORL/);
  });

  it('a device cannot use a name or a value that does not exist', () => {
    expect(() => bank().get('X')).toThrow(/no register X/);
    expect(() => { bank().set('ID', 1n << 32n); }).toThrow(/does not fit register ID/);
    expect(() => { bank().set('ID', -1n); }).toThrow(RangeError);
  });

  it('becomes documentation', () => {
    expect(registerTable([ADDRESS, STATUS])).toBe([
      '| offset | register | bits | access | reset | reserved bits | what it is |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      '| 0x008 | `STATUS` | 32 | write 1 to clear | 0x0 | 0xfffffff0 | Status. |',
      '| 0x020 | `ADDRESS` | 64 | read/write | 0x0 | 0xfff | Where to \\| read. |',
    ].join('\n'));
  });

  it('knows how large the window must be', () => {
    expect(bank().size).toBe(0x28);
  });
});
