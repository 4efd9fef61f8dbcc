/** The programs in README.md run as they stand there: a newcomer's first copy and paste must work. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const snippets = [...readme.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1] ?? '');

/** Runs a TypeScript program that imports the package by its public names. */
function run(program: string): { status: number | null; stdout: string; stderr: string } {
  const { outputFiles } = buildSync({
    stdin: { contents: program, loader: 'ts', resolveDir: root },
    alias: { segdev: join(root, 'src/index.ts'), 'segdev/sunddi': join(root, 'src/sunddi.ts'), 'segdev/harness': join(root, 'src/harness/index.ts') },
    bundle: true, write: false, format: 'esm', platform: 'node', target: 'node20.19', logLevel: 'error',
  });
  return spawnSync(process.execPath, ['--input-type=module'], { input: outputFiles[0]?.text ?? '', encoding: 'utf8' });
}

describe('the programs of README.md', () => {
  it('the driver in twenty lines answers a store with devmap_load and keeps what was stored', () => {
    const { status, stdout, stderr } = run(snippets[0] ?? '');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/access/);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('42n');
  });

  it('the guest in twenty lines says hello and exits', () => {
    expect(run(snippets[1] ?? '')).toMatchObject({ status: 0, stderr: '', stdout: 'hello\nexited 9\n' });
  });
});
