/**
 * The tables in the drivers' READMEs are the data of their registers.ts. After a change of the data, run
 * `npx vitest run test/drivers/readme.test.ts -u` and read the difference.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FBIOGEOMETRY, fbGeometry, framebufferOptions, framebufferRegisters, pixelFormats } from '../../drivers/framebuffer/registers.js';
import { RBIOCFILL, RBIOCRESET, rbFill, regbankFields, regbankOptions, regbankRegisters } from '../../drivers/regbank/registers.js';
import { fieldTable, formatTable, memberTable, optionTable } from '../../drivers/tables.js';
import { registerTable } from '../../src/bus/index.js';

const hex = (n: number): string => `0x${n.toString(16)}`;

const generated: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  framebuffer: {
    options: optionTable(framebufferOptions),
    formats: formatTable(pixelFormats),
    registers: registerTable(framebufferRegisters),
    ioctl: `\`FBIOGEOMETRY\` is ${hex(FBIOGEOMETRY)}.\n\n${memberTable(fbGeometry)}`,
  },
  regbank: {
    options: optionTable(regbankOptions),
    registers: registerTable(regbankRegisters),
    fields: fieldTable(regbankFields),
    ioctl: `\`RBIOCRESET\` is ${hex(RBIOCRESET)}, \`RBIOCFILL\` is ${hex(RBIOCFILL)}.\n\n${memberTable(rbFill)}`,
  },
};

const root = join(import.meta.dirname, '../../drivers');

/** The README with each marked section replaced by what the data says. */
const regenerate = (text: string, sections: Readonly<Record<string, string>>): string =>
  Object.entries(sections).reduce((whole, [name, table]) => {
    const begin = `<!-- begin ${name} -->`;
    const end = `<!-- end ${name} -->`;
    const [from, to] = [whole.indexOf(begin), whole.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`no section ${name}`);
    return `${whole.slice(0, from + begin.length)}\n${table}\n${whole.slice(to)}`;
  }, text);

describe.each(Object.entries(generated))('README of %s', (driver, sections) => {
  const path = join(root, driver, 'README.md');

  it('agrees with the data', async () => {
    await expect(regenerate(readFileSync(path, 'utf8'), sections)).toMatchFileSnapshot(path);
  });

  it('marks no section that nobody generates', () => {
    const marked = [...readFileSync(path, 'utf8').matchAll(/<!-- begin (\w+) -->/g)].map((match) => match[1]);
    expect(new Set(marked)).toEqual(new Set(Object.keys(sections)));
  });

  it('a change of the data is noticed', () => {
    const text = readFileSync(path, 'utf8');
    expect(regenerate(text, { ...sections, options: 'something else' })).not.toBe(text);
  });
});

describe('README of template', () => {
  it('names every file of its folder that a newcomer copies', () => {
    const text = readFileSync(join(root, 'template/README.md'), 'utf8');
    for (const file of ['registers.ts', 'device.ts', 'driver.ts']) expect(text).toContain(`| \`${file}\` |`);
  });
});
