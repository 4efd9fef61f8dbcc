/**
 * The table of rooms in ARCHITECTURE.md is enforced by the linter. These tests plant one violation a row in a scratch
 * tree and check that the rule which forbids it speaks: a pattern that silently matches nothing would let the
 * architecture rot unseen.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const oxlint = join(root, 'node_modules/.bin/oxlint');

interface Diagnostic { readonly filename: string; readonly code: string; readonly help?: string; readonly message: string }

/** Planted file, what it imports, and a piece of the reason the linter must give. */
const forbidden: readonly (readonly [string, string, string])[] = [
  ['src/base/planted.ts', '../bus/index.js', 'ground floor'],
  ['src/bus/planted.ts', '../vm/index.js', 'no translation'],
  ['src/bus/planted-mmu.ts', '../../mmu/index.js', 'no translation'],
  ['mmu/planted.ts', '../src/bus/index.js', 'pure model'],
  ['src/wasm/planted.ts', '../base/index.js', 'depends on no one'],
  ['src/hart/planted.ts', '../kernel/index.js', 'sees only traps'],
  ['src/kernel/planted.ts', '../vm/index.js', 'independent of what runs'],
  ['src/ddi/planted.ts', '../segdev/index.js', 'describes devices'],
  ['src/vm/planted.ts', '../hart/index.js', 'no hart'],
  ['src/segdev/planted.ts', '../hart/index.js', 'only through the HAT'],
  ['src/process/planted.ts', '../machine/index.js', 'are above'],
  ['src/machine/planted.ts', '../cli/index.js', 'no command'],
  ['src/machine/planted-driver.ts', '../../drivers/template/driver.js', 'no command'],
  ['src/bare/planted.ts', '../process/index.js', 'no kernel of ours'],
  ['src/debug/planted.ts', '../cli/index.js', 'looks at machines'],
  ['src/harness/planted.ts', '../cli/index.js', 'never on the commands'],
  ['src/cli/planted.ts', '../../test/oracle/sv39.js', 'everything but tests'],
  ['guest/planted.ts', '../src/machine/index.js', 'nothing that runs it'],
  ['guest/planted-hart.ts', '../src/hart/index.js', 'nothing that runs it'],
  ['drivers/planted/driver.ts', '../../src/segdev/index.js', '<sys/sunddi.h>'],
  ['drivers/planted/device.ts', '../../src/ddi/index.js', 'Hardware knows'],
  ['drivers/planted/registers.ts', './driver.js', 'Registers are data'],
  ['src/vm/planted-host.ts', 'node:fs', 'browser'],
  ['src/segdev/planted-deep.ts', '../vm/hat.js', 'index.js'],
];

const allowed: readonly (readonly [string, string])[] = [
  ['src/bus/fine.ts', '../base/index.js'],
  ['mmu/fine.ts', '../src/base/index.js'],
  ['src/vm/fine.ts', '../../mmu/index.js'],
  ['guest/fine.ts', '../src/hart/isa/index.js'],
  ['src/segdev/fine.ts', '../vm/index.js'],
  ['drivers/fine/driver.ts', '../../src/sunddi.js'],
  ['src/cli/fine.ts', '../../drivers/template/driver.js'],
  ['src/cli/fine-host.ts', 'node:fs'],
];

let scratch = '';
let diagnostics: readonly Diagnostic[] = [];

const plant = (file: string, specifier: string): void => {
  const path = join(scratch, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `import type { Thing } from '${specifier}';\nexport type Planted = Thing;\n`);
};

const lint = (): readonly Diagnostic[] => {
  try {
    execFileSync(oxlint, ['--format=json', '.'], { cwd: scratch, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return [];
  } catch (failure) {
    return (JSON.parse((failure as { stdout: string }).stdout) as { diagnostics: Diagnostic[] }).diagnostics;
  }
};

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'segdev-lint-'));
  cpSync(join(root, '.oxlintrc.json'), join(scratch, '.oxlintrc.json'));
  cpSync(join(root, 'tsconfig.json'), join(scratch, 'tsconfig.json'));
  for (const [file, specifier] of [...forbidden, ...allowed]) plant(file, specifier);
  plant('src/vm/cycle-a.ts', './cycle-b.js');
  plant('src/vm/cycle-b.ts', './cycle-a.js');
  diagnostics = lint();
}, 30_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const about = (file: string): string[] =>
  diagnostics.filter((d) => d.filename.endsWith(file) && d.code.includes('no-restricted-imports')).map((d) => `${d.message} ${d.help ?? ''}`);

describe('layer boundaries', () => {
  it.each(forbidden)('%s may not import %s', (file, _specifier, reason) => {
    expect(about(file).join('\n')).toContain(reason);
  });

  it.each(allowed)('%s may import %s', (file) => {
    expect(about(file)).toEqual([]);
  });

  it('an import cycle is caught, type imports included', () => {
    expect(diagnostics.filter((d) => d.code.includes('no-cycle')).map((d) => d.filename).sort()).toEqual(['src/vm/cycle-a.ts', 'src/vm/cycle-b.ts']);
  });
});
