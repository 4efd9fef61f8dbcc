/** What the compiler of regions says itself because it can import nothing: numbers that stand elsewhere too, and must be the same. */
import { expect, it } from 'vitest';
import { Handler, handlerOf, LINKLESS } from '../../../src/hart/handlers.js';
import { Return } from '../../../src/hart/leave.js';
import { Decoded, DECODED_PAGE, DECODED_SHIFT, State } from '../../../src/hart/layout.js';
import { INSTRUCTIONS } from '../../../src/hart/isa/index.js';
import * as code from '../../../src/hart/region/compiler/code.js';
import * as copies from '../../../src/hart/region/compiler/code-copies.js';
import * as guest from '../../../src/hart/region/compiler/guest-code.js';
import { LEFT_ACCESSES, LEFT_INSTRUCTIONS, LONGEST_BLOCK } from '../../../src/hart/region/compiler/instructions.js';
import { GO_ON } from '../../../src/hart/region/compiler/page-changes.js';
import * as locals from '../../../src/hart/region/compiler/region-locals.js';
import { StampKind } from '../../../src/hart/region/compiler/stamps.js';
import { F_AT, X_AT } from '../../../src/hart/region/compiler/used-registers.js';
import { Op, ValueType } from '../../../src/wasm/index.js';

const ofClass = (constants: object): Record<string, number> => ({ ...constants });

it('opcodes and types are those of WebAssembly', () => {
  expect(Op).toMatchObject(ofClass(code.Op));
  const { void: _, ...types } = ofClass(code.Type);
  expect(types).toEqual({ i32: ValueType.I32, i64: ValueType.I64, f32: ValueType.F32, f64: ValueType.F64 });
});

it('decoded instructions are as the decoder writes them', () => {
  expect(Decoded).toMatchObject(ofClass(copies.Field));
  expect([guest.DECODED_SHIFT, copies.PAGE_BYTES, copies.STRADDLE, copies.SINK]).toEqual([DECODED_SHIFT, DECODED_PAGE, Handler.Straddle, State.sink]);
});

it('registers lie where the state has them, and functions return what the interpreter understands', () => {
  expect([X_AT, F_AT, GO_ON]).toEqual([State.x, State.f, Return.GoOn]);
});

it('handlers leave room for marks, and are no kinds of other stamps', () => {
  const handlers = [...INSTRUCTIONS.map((row) => handlerOf(row, 1)), ...LINKLESS.map((row) => handlerOf(row, 0))];
  expect(Math.max(...handlers)).toBeLessThan(Math.min(copies.LEADS, StampKind.loadCache));
  expect(Math.min(...handlers)).toBeGreaterThan(Math.max(StampKind.openPage, StampKind.openSpan));
});

it('locals follow each other, and the longest block can be counted', () => {
  const { FIRST_TEMP, X0, F0, WINDOW0, TEMPS_END, TEMP_LONGS, TEMP_WORDS, TEMP_SINGLES, TEMP_DOUBLES } = locals;
  expect([X0, F0, WINDOW0]).toEqual([FIRST_TEMP + TEMP_LONGS + TEMP_WORDS + TEMP_SINGLES + TEMP_DOUBLES - 1, X0 + 32, F0 + 31]);
  expect(TEMPS_END).toBe(X0 + 1);
  expect(Math.max(...Object.values(ofClass(locals.Local)))).toBe(FIRST_TEMP - 1);
  expect(2 ** (LEFT_ACCESSES - LEFT_INSTRUCTIONS) - 1).toBe(LONGEST_BLOCK);
});
