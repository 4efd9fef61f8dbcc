/**
 * The compiler of regions as the build translates it into WebAssembly, against the same text run as TypeScript: not one byte of code may
 * differ, and nothing may be left of the plan before.
 */
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { translatedCompiler } from '../../../src/cli/translation.js';
import { preparedWords } from '../../../src/hart/index.js';
import { CACHE_ENTRIES, DECODED_PAGE, translationCache } from '../../../src/hart/layout.js';
import { moduleOf } from '../../../src/hart/region/compile.js';
import { asModule, asTypeScript, type Form } from '../../../src/hart/region/compiler-forms.js';
import { CLOSED, LEADS } from '../../../src/hart/region/compiler/code-copies.js';
import { BlockWord } from '../../../src/hart/region/compiler/compiler.js';
import type { Job } from '../../../src/hart/region/job.js';
import type { Plan } from '../../../src/hart/region/plan.js';
import { type Code, RegionCompiler } from '../../../src/hart/region/region-compiler.js';
import type { AskedCache } from '../../../src/hart/region/stamp-emitter.js';
import { seeded } from '../../oracle/runs.js';
import { fillPage, randomFrom, type Style, STYLES } from './random-code.js';

const PAGES = 80;
/** The page of distance 0, so that code can jump back. */
const HERE = 20;
const BOUNDS = { instructions: 1000, pages: 16 };
const memory = new Uint8Array((PAGES + 1) * DECODED_PAGE);
const DEFAULT: AskedCache = { entries: CACHE_ENTRIES, at: translationCache(0) };
const CACHES: readonly AskedCache[] = [DEFAULT, { ...DEFAULT, at: 0 }, { ...DEFAULT, entries: 4 * CACHE_ENTRIES }];

let module: WebAssembly.Module;
/** How the translated compiler is given what most programs need, and how it has to ask for all of it. */
let forms: readonly Form[];

beforeAll(async () => {
  module = new WebAssembly.Module(await translatedCompiler());
  forms = [asModule({ module, prepared: preparedWords() }), asModule({ module, prepared: Int32Array.of(3, 0, 0) })];
}, 60_000);

const compilerOf = (form: Form, cache: AskedCache): RegionCompiler => new RegionCompiler(memory, cache, () => form);

/** Pages around HERE, which are filled when they are looked at first, with marks at random places from there on. */
function codeFrom(seed: number, style: Style): Code & { readonly looked: Set<number> } {
  const random = randomFrom(seed);
  const marks = Array.from({ length: random(200) }, () => ({ ip: HERE * DECODED_PAGE + 16 * random(4 * 2048), mark: random(2) > 0 ? CLOSED : LEADS }));
  const looked = new Set<number>();
  return {
    looked,
    pageAt: (distance) => {
      const n = HERE + distance;
      if (n < 1 || n > PAGES) return 0;
      if (!looked.has(n)) fillPage(memory, n * DECODED_PAGE, style, randomFrom(seed + n));
      looked.add(n);
      return n * DECODED_PAGE;
    },
    staysOpen: (page) => (page / DECODED_PAGE) % 4 === 0,
    mark: (page, copy) => {
      for (const { ip, mark } of marks) if (ip >= page && ip < page + DECODED_PAGE) copy[(ip - page) >> 1]! |= mark;
    },
  };
}

const blocksOf = (plan: Plan): number[] => Array.from({ length: plan.blocks * BlockWord.words }, (_, n) => plan.word(0, n));

/** What a compiler makes of some code. */
function made(compiler: RegionCompiler, starts: readonly number[], code: Code): { plan: Plan; body: Uint8Array<ArrayBuffer>; summary: unknown } {
  const plan = compiler.plan(starts, code, BOUNDS);
  const body = plan.blocks === 0 ? new Uint8Array() : compiler.write(plan, 7, true);
  const { closed, fuses, instructions, loops, pages, touched } = plan;
  return { plan, body, summary: { closed, fuses, instructions, loops, pages: [...pages], touched, blocks: blocksOf(plan), body: Buffer.from(body).toString('hex') } };
}

describe('the translated compiler of regions', () => {
  it('plans and writes what the text does as TypeScript, whatever it has done before', () => {
    const most = { body: 0, blocks: 0, looked: 0, touched: 0 };
    const kept = CACHES.map((cache) => [asTypeScript, ...forms].map((form) => compilerOf(form, cache)));
    fc.assert(fc.property(fc.nat(), fc.constantFrom(...STYLES), fc.nat(CACHES.length - 1), (seed, style, cache) => {
      const random = randomFrom(seed);
      const starts = Array.from({ length: 1 + random(20) }, () => 2 * random(2048) + 4096 * (random(5) > 0 ? random(4) : 0));
      const code = codeFrom(seed, style);
      const { plan, body, summary } = made(compilerOf(asTypeScript, CACHES[cache]!), starts, code);
      for (const compiler of kept[cache]!) expect(made(compiler, starts, code).summary).toEqual(summary);
      if (plan.blocks > 0) expect(() => new WebAssembly.Module(moduleOf([{ plan, body, slot: 7 } as unknown as Job]))).not.toThrow();
      most.body = Math.max(most.body, body.length);
      most.blocks = Math.max(most.blocks, plan.blocks);
      most.looked = Math.max(most.looked, code.looked.size);
      most.touched = Math.max(most.touched, plan.touched.length);
    }), seeded(60));
    // More than the compiler has room for at first: of code, of words, of pages.
    expect(most.body).toBeGreaterThan(16_384);
    expect(most.blocks * BlockWord.words).toBeGreaterThan(4096);
    expect(most.looked).toBeGreaterThan(48);
    expect(most.touched).toBeGreaterThan(0);
  }, 300_000);

  it('does not take half of what it is prepared with, nor write a function of a plan before the last', () => {
    const prepared = preparedWords();
    for (const length of [0, 1, 2, 3, prepared.length - 1]) expect(() => asModule({ module, prepared: prepared.slice(0, length) })).toThrow(RangeError);
    const compiler = compilerOf(forms[0]!, DEFAULT);
    const first = compiler.plan([0], codeFrom(1, 'mixed'), BOUNDS);
    compiler.plan([4], codeFrom(1, 'mixed'), BOUNDS);
    expect(() => compiler.write(first, 7, true)).toThrow('another region has been planned since');
  });
});
