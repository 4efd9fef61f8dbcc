/**
 * guest/programs/devices.h repeats in C what the drivers' registers.ts say. A program compiled against a stale header
 * would drive the wrong register without any complaint.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as framebuffer from '../../drivers/framebuffer/registers.js';
import * as regbank from '../../drivers/regbank/registers.js';

const header = readFileSync(new URL('../../guest/programs/devices.h', import.meta.url), 'utf8').replace(/\/\*[^]*?\*\//g, '');
const defines = new Map([...header.matchAll(/^#define (\w+) (0x[0-9a-f]+|\d+)\s*$/gm)].map(([, name, value]) => [name ?? '', Number(value)]));

/** Members of a C struct of u32 and u64, naturally aligned. */
function members(struct: string): { name: string; offset: number; size: number }[] {
  const body = new RegExp(`struct ${struct} \\{([^}]*)\\}`).exec(header)?.[1] ?? '';
  let at = 0;
  return [...body.matchAll(/u(32|64) ([^;]+);/g)].flatMap(([, bits, names]) => (names ?? '').split(',').map((name) => {
    const size = Number(bits) / 8;
    const offset = Math.ceil(at / size) * size;
    at = offset + size;
    return { name: name.trim(), offset, size };
  }));
}

describe('devices.h', () => {
  it('has every register of the bank at its offset', () => {
    expect([...defines].filter(([name]) => name.startsWith('RB_') && !['RB_REGISTERS_SIZE', 'RB_ID_VALUE'].includes(name))).toEqual(regbank.regbankRegisters.map((r) => [`RB_${r.name}`, r.offset]));
    expect(defines.get('RB_REGISTERS_SIZE')).toBe(regbank.RB_REGISTERS_SIZE);
    expect(defines.get('RB_ID_VALUE')).toBe(Number(regbank.regbankRegisters.find((r) => r.name === 'ID')?.reset));
  });

  it('has every bit and code of the registers', () => {
    expect([...defines].filter(([name]) => /^(CONTROL|STATUS|FILL)_/.test(name))).toEqual(regbank.regbankFields.map((f) => [f.name, f.value]));
  });

  it('has the pixel formats', () => {
    expect([...defines].filter(([name]) => name.startsWith('FB_FORMAT_'))).toEqual(framebuffer.pixelFormats.map((f) => [`FB_FORMAT_${f.name.toUpperCase()}`, f.code]));
  });

  it('has the ioctl numbers', () => {
    expect([...defines].filter(([name]) => /^(FB|RB)IO/.test(name))).toEqual([
      ['FBIOGEOMETRY', framebuffer.FBIOGEOMETRY], ['RBIOCRESET', regbank.RBIOCRESET], ['RBIOCFILL', regbank.RBIOCFILL],
    ]);
  });

  it('lays out the structures of the ioctls as the drivers copy them', () => {
    expect(members('fb_geometry')).toEqual(framebuffer.fbGeometry.map(({ name, offset, size }) => ({ name, offset, size })));
    expect(members('rb_fill')).toEqual(regbank.rbFill.map(({ name, offset, size }) => ({ name, offset, size })));
  });
});
