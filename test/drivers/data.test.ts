/** What the register lists, structures and ioctl numbers promise to hardware, drivers and C programs alike. */
import { describe, expect, it } from 'vitest';
import { FBIOGEOMETRY, FB_GEOMETRY_SIZE, FB_REGISTERS_SIZE, fbGeometry, framebufferOptions, framebufferRegisters, pixelFormats } from '../../drivers/framebuffer/registers.js';
import * as everything from '../../drivers/regbank/registers.js';
import { RBIOCFILL, RBIOCRESET, RB_FILL_SIZE, RB_REGISTERS_SIZE, rbFill, regbankFields, regbankRegisters } from '../../drivers/regbank/registers.js';

const banks = [
  ['framebuffer', framebufferRegisters, FB_REGISTERS_SIZE],
  ['regbank', regbankRegisters, RB_REGISTERS_SIZE],
] as const;

describe.each(banks)('registers of %s', (_name, registers: readonly { name: string; offset: number; size: number; access: string; reset: bigint; reserved: bigint }[], window) => {
  it('lie inside the window, naturally aligned, without overlap', () => {
    let end = 0;
    for (const { name, offset, size } of [...registers].sort((a, b) => a.offset - b.offset)) {
      expect(offset % size, name).toBe(0);
      expect(offset, name).toBeGreaterThanOrEqual(end);
      end = offset + size;
    }
    expect(end).toBeLessThanOrEqual(window);
  });

  it('have distinct names, fitting reset values, and no reset value in reserved bits', () => {
    expect(new Set(registers.map((r) => r.name)).size).toBe(registers.length);
    for (const { name, size, reset, reserved } of registers) {
      expect(BigInt.asUintN(size * 8, reset), name).toBe(reset);
      expect(BigInt.asUintN(size * 8, reserved), name).toBe(reserved);
      expect(reset & reserved, name).toBe(0n);
    }
  });

  it('begin with an identification that spells letters', () => {
    const id = registers[0];
    const letters = String.fromCharCode(...[0, 8, 16, 24].map((shift) => Number(((id?.reset ?? 0n) >> BigInt(shift)) & 0xffn)));
    expect([id?.name, id?.offset, letters.slice(0, 2)]).toEqual(['ID', 0, 'SD']);
  });
});

describe.each([
  ['struct fb_geometry', fbGeometry, FB_GEOMETRY_SIZE],
  ['struct rb_fill', rbFill, RB_FILL_SIZE],
] as const)('%s', (_name, members: readonly { name: string; offset: number; size: number }[], size) => {
  it('is what a C compiler makes of its members: in order, aligned, no holes, right total', () => {
    let at = 0;
    for (const member of members) {
      at = Math.ceil(at / member.size) * member.size;
      expect(member.offset, member.name).toBe(at);
      at += member.size;
    }
    const alignment = Math.max(...members.map((member) => member.size));
    expect(Math.ceil(at / alignment) * alignment).toBe(size);
  });
});

describe('numbers', () => {
  it('ioctl commands are distinct and carry their group letter', () => {
    const commands = [['F', FBIOGEOMETRY], ['R', RBIOCRESET], ['R', RBIOCFILL]] as const;
    expect(new Set(commands.map(([, command]) => command)).size).toBe(commands.length);
    for (const [group, command] of commands) expect(command >> 8).toBe(group.charCodeAt(0));
  });

  it('the list of bits and codes agrees with the constants drivers and guests use', () => {
    for (const { name, value } of regbankFields) expect(new Map<string, unknown>(Object.entries(everything)).get(name), name).toBe(value);
  });

  it('bits of a register are outside its reserved mask', () => {
    for (const { register, name, value } of regbankFields) {
      const reserved = regbankRegisters.find((r) => r.name === register)?.reserved ?? 0n;
      expect(BigInt(value) & reserved, name).toBe(0n);
    }
  });

  it('pixel formats have distinct codes and names, and the option offers exactly them', () => {
    expect(new Set(pixelFormats.map((f) => f.code)).size).toBe(pixelFormats.length);
    expect(framebufferOptions.find((o) => o.name === 'format')?.choices).toEqual(pixelFormats.map((f) => f.name));
  });

  it('colours of a pixel format stay inside the pixel and off each other, except where it is gray', () => {
    for (const { name, bytes, red, green, blue, gray } of pixelFormats) {
      const masks = [red, green, blue].map(([low, bits]) => (2 ** bits - 1) * 2 ** low);
      for (const mask of masks) expect(mask, name).toBeLessThan(2 ** (bytes * 8));
      if (gray) expect(new Set(masks).size).toBe(1);
      else expect(masks.reduce((sum, mask) => sum + mask, 0), name).toBe(masks.reduce((all, mask) => (all | mask) >>> 0, 0));
    }
  });
});
