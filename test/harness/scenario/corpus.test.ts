import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runScenario } from '../../../src/harness/scenario/index.js';
import { QUIRK_NAMES } from '../../../src/segdev/index.js';
import { normalize } from '../../../src/harness/scenario/normalize.js';

/** Scripts with the traces recorded from the C text itself. */
const corpus = fileURLToPath(new URL('corpus/', import.meta.url));
const names = readdirSync(corpus).filter((file) => file.endsWith('.in')).map((file) => file.slice(0, -3));
const script = (name: string): string => readFileSync(`${corpus}${name}.in`, 'utf8');

describe('faithful to the C text, operation by operation', () => {
  test.each(names)('%s', (name) => {
    const recorded = readFileSync(`${corpus}${name}.out`, 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const ours = runScenario(script(name), { file: name, mode: 'illumos' });
    expect(normalize(ours.lines)).toEqual(normalize(recorded));
  });
});

describe('the same scripts, fixed, end well, leave nothing alive and never show a stale translation', () => {
  test.each(names)('%s', (name) => {
    const { end, lines } = runScenario(script(name), { file: name, mode: 'fixed', check: true, drain: true });
    expect(end).toBe('ok');
    expect(lines.at(-1)).toBe('live handle=0 segdata=0 vpage=0 softlock=0 ctx=0 cookie=0');
  });
});

describe('every quirk can be switched alone, and at worst stops the emulated kernel', () => {
  const surprises = names.filter((name) => name.startsWith('f')).map(script);
  test.each(QUIRK_NAMES)('%s', (quirk) => {
    for (const source of surprises) expect(() => runScenario(source, { mode: 'fixed', quirks: { [quirk]: true } })).not.toThrow();
  });
});
