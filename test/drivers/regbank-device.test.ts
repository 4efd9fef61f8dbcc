/** The register bank's hardware: access rules, counter, and the fill engine against a drawing loop of the test's own. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FramebufferDevice, type FramebufferOptions } from '../../drivers/framebuffer/device.js';
import { pixelFormats } from '../../drivers/framebuffer/registers.js';
import { RegbankDevice, type RegbankOptions } from '../../drivers/regbank/device.js';
import { RB, type RegbankRegister, regbankRegisters } from '../../drivers/regbank/registers.js';
import { Board, Window } from './placed.js';

class Bank {
  readonly board = new Board();
  readonly fb: FramebufferDevice;
  readonly regs: Window;

  constructor(options: RegbankOptions = {}, framebuffer: FramebufferOptions | undefined = { width: 20, height: 10 }, attach = true) {
    this.fb = new FramebufferDevice(framebuffer);
    this.board.place(this.fb);
    this.regs = new Window(this.board, this.board.place(new RegbankDevice(options, attach ? this.fb : undefined))[0]);
  }

  get(name: RegbankRegister): bigint {
    const size = name === 'COUNTER' || name === 'SCRATCH64' ? 8 : 4;
    const value = this.regs.load(RB[name], size);
    if (value === undefined) throw new Error(`bus error at ${name}`);
    return value;
  }

  set(name: RegbankRegister, value: bigint | number): void {
    expect(this.regs.store(RB[name], value, name === 'SCRATCH64' ? 8 : 4)).toBe(true);
  }

  fill(x: number, y: number, width: number, height: number, colour: number): void {
    this.set('FILL_X', x);
    this.set('FILL_Y', y);
    this.set('FILL_WIDTH', width);
    this.set('FILL_HEIGHT', height);
    this.set('FILL_COLOUR', colour);
    this.set('FILL_START', 1);
  }

  /** STATUS and FILL_ERROR. */
  outcome(): [bigint, bigint] {
    return [this.get('STATUS'), this.get('FILL_ERROR')];
  }

  bytes(): Uint8Array {
    return this.fb.memory.read(0, this.fb.memory.size);
  }
}

const DONE = 1n;
const ERROR = 2n;

describe('plain registers', () => {
  it('hold their reset values after attach', () => {
    const bank = new Bank();
    for (const { name, access, reset } of regbankRegisters) if (access !== 'wo') expect(bank.get(name), name).toBe(reset);
  });

  it('SCRATCH and SCRATCH64 keep every bit, and nothing else changes with them', () => {
    const bank = new Bank();
    bank.set('SCRATCH', 0xdead_beef);
    bank.set('SCRATCH64', 0x0123_4567_89ab_cdefn);
    expect([bank.get('SCRATCH'), bank.get('SCRATCH64')]).toEqual([0xdead_beefn, 0x0123_4567_89ab_cdefn]);
    expect([bank.regs.load(RB.SCRATCH64), bank.regs.load(RB.SCRATCH64 + 4)]).toEqual([0x89ab_cdefn, 0x0123_4567n]);
    expect([bank.get('CONTROL'), bank.get('STATUS'), bank.get('FILL_X')]).toEqual([3n, 0n, 0n]);
  });

  it('reserved bits of CONTROL stay 0 whatever is written', () => {
    const bank = new Bank();
    bank.set('CONTROL', 0x7fff_ffff);
    expect(bank.get('CONTROL')).toBe(3n);
  });

  it('a read-only register keeps its value', () => {
    const bank = new Bank();
    bank.set('ID', 0);
    expect(bank.get('ID')).toBe(0x4252_4453n);
  });

  it('CONTROL_RESET brings every register back, and reads as 0', () => {
    const bank = new Bank();
    bank.set('SCRATCH', 5);
    bank.fill(0, 0, 99, 1, 0);
    bank.set('CONTROL', 0x8000_0000);
    for (const { name, access, reset } of regbankRegisters) if (access !== 'wo') expect(bank.get(name), name).toBe(reset);
  });

  it('narrow, misaligned and straddling accesses are bus errors, never a silent 0', () => {
    const { regs } = new Bank();
    expect([regs.load(RB.SCRATCH, 1), regs.load(RB.SCRATCH, 2), regs.load(RB.SCRATCH + 2), regs.load(RB.ID, 8), regs.load(0x30), regs.load(0xffc)]).toEqual(Array.from({ length: 6 }, () => undefined));
    expect([regs.store(RB.SCRATCH, 1, 1), regs.store(RB.SCRATCH, 1, 8), regs.store(0x60, 1)]).toEqual([false, false, false]);
  });

  it('every access is traced with the name of the register', () => {
    const bank = new Bank();
    bank.board.takeTrace();
    bank.set('SCRATCH', 0x11);
    bank.get('COUNTER_LO');
    expect(bank.board.takeTrace()).toEqual([
      'reg.write device=regbank register=SCRATCH size=0x4 value=0x11',
      'reg.read device=regbank register=COUNTER_LO size=0x4 value=0x0',
    ]);
  });
});

describe('STATUS', () => {
  it('clears exactly the bits that are written as 1', () => {
    const bank = new Bank();
    bank.fill(0, 0, 1, 1, 0);
    bank.fill(0, 0, 99, 1, 0);
    expect(bank.get('STATUS')).toBe(DONE | ERROR);
    bank.set('STATUS', 0);
    expect(bank.get('STATUS')).toBe(DONE | ERROR);
    bank.set('STATUS', Number(ERROR));
    expect(bank.get('STATUS')).toBe(DONE);
    bank.set('STATUS', Number(DONE | ERROR));
    expect(bank.get('STATUS')).toBe(0n);
  });

  it('cannot be set by software', () => {
    const bank = new Bank();
    bank.set('STATUS', 3);
    expect(bank.get('STATUS')).toBe(0n);
  });
});

describe('counter', () => {
  it('counts virtual nanoseconds from its start', () => {
    const bank = new Bank({ counter: 1000 });
    bank.board.now = 234;
    expect(bank.get('COUNTER')).toBe(1234n);
  });

  it('two 32-bit reads make one value although the carry happens between them', () => {
    const bank = new Bank({ counter: 0xffff_ffff });
    expect(bank.get('COUNTER_LO')).toBe(0xffff_ffffn);
    bank.board.now = 1;
    expect(bank.get('COUNTER_HI')).toBe(0n);
    expect(bank.get('COUNTER_LO')).toBe(0n);
    expect(bank.get('COUNTER_HI')).toBe(1n);
  });

  it('the halves of COUNTER latch as well: low first, then what belonged to it', () => {
    const bank = new Bank({ counter: 0xffff_ffff });
    expect(bank.regs.load(RB.COUNTER)).toBe(0xffff_ffffn);
    bank.board.now = 1;
    expect(bank.regs.load(RB.COUNTER + 4)).toBe(0n);
    expect(bank.get('COUNTER')).toBe(0x1_0000_0000n);
  });

  it('stands while CONTROL_COUNT is clear and goes on from there', () => {
    const bank = new Bank();
    bank.board.now = 10;
    bank.set('CONTROL', 0);
    bank.board.now = 500;
    expect(bank.get('COUNTER')).toBe(10n);
    bank.set('CONTROL', 1);
    bank.board.now = 507;
    expect(bank.get('COUNTER')).toBe(17n);
  });

  it('begins anew with CONTROL_RESET, running', () => {
    const bank = new Bank({ counter: 7 });
    bank.set('CONTROL', 0);
    bank.board.now = 100;
    bank.set('CONTROL', 0x8000_0000);
    bank.board.now = 103;
    expect(bank.get('COUNTER')).toBe(10n);
  });
});

describe('fill engine', () => {
  it('draws exactly the rectangle, in every format, wherever it lies', () => {
    const size = { width: 20, height: 10 };
    const rectangle = fc.record({
      x: fc.integer({ min: 0, max: 22 }), y: fc.integer({ min: 0, max: 12 }), width: fc.integer({ min: 0, max: 22 }), height: fc.integer({ min: 0, max: 12 }),
      colour: fc.integer({ min: 0, max: 0xffff_ffff }), format: fc.constantFrom(...pixelFormats),
    });
    fc.assert(fc.property(rectangle, ({ x, y, width, height, colour, format }) => {
      const bank = new Bank({}, { ...size, format: format.name });
      const background = 0x5a;
      bank.fb.memory.fill(0, bank.fb.memory.size, Uint8Array.of(background));
      const expected = new Uint8Array(bank.fb.memory.size).fill(background);
      const inside = x + width <= size.width && y + height <= size.height;
      for (let row = y; row < (inside ? y + height : y); row++) {
        for (let column = x; column < x + width; column++) {
          for (let byte = 0; byte < format.bytes; byte++) expected[row * bank.fb.geometry.stride + column * format.bytes + byte] = Math.floor(colour / 2 ** (8 * byte)) % 256;
        }
      }
      bank.fill(x, y, width, height, colour);
      expect(bank.outcome()).toEqual(inside ? [DONE, 0n] : [ERROR, 1n]);
      expect(Buffer.compare(bank.bytes(), expected)).toBe(0);
    }), { seed: 41, numRuns: 80 });
  });

  it.each([
    ['the whole screen', 0, 0, 20, 10, [DONE, 0n]],
    ['the last pixel', 19, 9, 1, 1, [DONE, 0n]],
    ['one pixel too wide', 19, 9, 2, 1, [ERROR, 1n]],
    ['one line too high', 19, 9, 1, 2, [ERROR, 1n]],
    ['nothing, inside', 5, 5, 0, 3, [DONE, 0n]],
    ['nothing, in the far corner', 20, 10, 0, 0, [DONE, 0n]],
    ['nothing, outside', 21, 0, 0, 0, [ERROR, 1n]],
    ['sides whose sum wraps in 32 bits', 0xffff_ffff, 0, 1, 1, [ERROR, 1n]],
    ['a width that wraps in 32 bits', 1, 0, 0xffff_ffff, 1, [ERROR, 1n]],
    ['a huge rectangle', 0, 0, 0xffff_ffff, 0xffff_ffff, [ERROR, 1n]],
  ] as const)('%s', (_what, x, y, width, height, outcome) => {
    const bank = new Bank();
    bank.fill(x, y, width, height, 0x112233);
    expect(bank.outcome()).toEqual(outcome);
    const lit = bank.bytes().reduce((n, byte) => n + (byte === 0 ? 0 : 1), 0);
    expect(lit).toBe(outcome[0] === DONE ? width * height * 3 : 0);
  });

  it('refuses to start while CONTROL_FILL is clear', () => {
    const bank = new Bank();
    bank.set('CONTROL', 1);
    bank.fill(0, 0, 1, 1, 0xff);
    expect(bank.outcome()).toEqual([ERROR, 3n]);
  });

  it('refuses to start without a framebuffer', () => {
    const bank = new Bank({}, {}, false);
    bank.fill(0, 0, 1, 1, 0xff);
    expect(bank.outcome()).toEqual([ERROR, 4n]);
  });

  it('does nothing when bit 0 of FILL_START is not written', () => {
    const bank = new Bank();
    bank.set('FILL_WIDTH', 1);
    bank.set('FILL_HEIGHT', 1);
    bank.set('FILL_START', 2);
    expect(bank.outcome()).toEqual([0n, 0n]);
  });

  it('is busy for as long as its pixels take, then done', () => {
    const bank = new Bank({ fillns: 10 });
    bank.fill(0, 0, 4, 3, 1);
    expect([bank.get('FILL_STATE'), bank.get('STATUS')]).toEqual([1n, 0n]);
    bank.board.now = 119;
    expect([bank.get('FILL_STATE'), bank.get('STATUS')]).toEqual([1n, 0n]);
    bank.board.now = 120;
    expect([bank.get('STATUS'), bank.get('FILL_STATE')]).toEqual([DONE, 0n]);
  });

  it('a start while busy is refused and the first fill still ends', () => {
    const bank = new Bank({ fillns: 10 });
    bank.fill(0, 0, 1, 1, 0xff);
    bank.fill(5, 5, 1, 1, 0xff);
    expect(bank.outcome()).toEqual([ERROR, 2n]);
    bank.board.now = 10;
    expect(bank.get('STATUS')).toBe(DONE | ERROR);
    expect(bank.bytes()[5 * bank.fb.geometry.stride + 5 * 4]).toBe(0);
  });

  it('a fill that is over when the next one starts does not refuse it', () => {
    const bank = new Bank({ fillns: 10 });
    bank.fill(0, 0, 1, 1, 0xff);
    bank.board.now = 10;
    bank.fill(5, 5, 1, 1, 0xff);
    expect(bank.outcome()).toEqual([DONE, 0n]);
  });

  it('a reset forgets the fill under way: no DONE comes late', () => {
    const bank = new Bank({ fillns: 10 });
    bank.fill(0, 0, 2, 2, 0xff);
    bank.set('CONTROL', 0x8000_0000);
    bank.board.now = 1000;
    expect([bank.get('STATUS'), bank.get('FILL_STATE')]).toEqual([0n, 0n]);
  });
});
