/**
 * The declarations we publish compile for a strict consumer who checks libraries too and has no DOM: an ambient type of ours that
 * is not shipped would break every user's build while ours stays green.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const scratch = mkdtempSync(join(root, 'node_modules/.segdev-types-'));
const tsc = (...args: string[]): string => spawnSync(join(root, 'node_modules/.bin/tsc'), args, { cwd: scratch, encoding: 'utf8' }).stdout;

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const CONSUMER = `
import { createMachine, assemble, Bus, TLB_PRESETS, type MachineStatistics, type RunResult } from 'segdev';
import { DriverKit, unmapMatrix } from 'segdev/harness';
import { D_DEVMAP, devmap_load, type Driver } from 'segdev/sunddi';
const driver: Driver = { name: 'x', cb_ops: { flag: D_DEVMAP } };
const machine = createMachine();
machine.spawn(assemble('nop').elf, ['x']);
const result: RunResult = machine.run({ maxInstructions: 1 });
const statistics: MachineStatistics = machine.statistics();
export const all: unknown[] = [driver, result, statistics, new Bus({ ramSize: 4096, reserved: 64 }).memory.buffer, DriverKit, unmapMatrix, devmap_load, TLB_PRESETS];
`;

it('the published declarations compile with skipLibCheck off and without the DOM', () => {
  expect(tsc('-p', join(root, 'src/tsconfig.build.json'), '--outDir', join(scratch, 'dist/types'))).toBe('');
  const { exports: entries } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, { types: string }> };
  const paths = Object.fromEntries(Object.entries(entries).map(([entry, { types }]) => [entry.replace('.', 'segdev'), [types]]));
  writeFileSync(join(scratch, 'consumer.ts'), CONSUMER);
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify({
    compilerOptions: { strict: true, noEmit: true, target: 'es2022', lib: ['es2022'], module: 'nodenext', moduleResolution: 'nodenext', types: ['node'], skipLibCheck: false, exactOptionalPropertyTypes: true, paths },
    files: ['consumer.ts'],
  }));
  expect(tsc('-p', '.')).toBe('');
}, 60_000);
