/** Rules of the language semantics are written in, and the module made from the whole table. */
import { describe, expect, it } from 'vitest';
import { FunctionBody, Op, ValueType } from '../../src/wasm/index.js';
import type { Emitter } from '../../src/hart/emitter.js';
import { handlerOf, instructionOf } from '../../src/hart/handlers.js';
import { generateInterpreter, interpreterModule } from '../../src/hart/interpreter.js';
import { InterpreterEmitter } from '../../src/hart/interpreter-emitter.js';
import { INSTRUCTIONS } from '../../src/hart/index.js';

const build = (semantics: (e: Emitter) => void): void => {
  const body = new FunctionBody([], [ValueType.I32]);
  const e = new InterpreterEmitter(body, { access: 0, straddle: 1, region: 0, decode: 2, decodeAt: 3, decodeStraddling: 4, float: 5, fma32: 6, fma64: 7 });
  e.labels.next = e.labels.goto = body.open(Op.loop);
  e.instruction(semantics, false, false);
};

describe('semantics', () => {
  it('that read a source after rd was written are refused: rd may be the same register', () => {
    expect(() => build((e) => { e.setRd(e.const(1n)); e.store(8, e.rs1(), e.rs2()); })).toThrow(/read after rd was written/);
  });

  it('that use a value made before but put after rd was written are refused as well', () => {
    expect(() => build((e) => { const a = e.rs1(); e.setRd(e.const(1n)); e.store(8, e.let(a), e.const(0n)); })).toThrow(/rs1 is read/);
  });

  it('may write rd on each way through a condition, and use what was bound before', () => {
    expect(() => build((e) => { const a = e.let(e.rs1()); e.if(e.eqz(a), () => e.setRd(a), () => e.setRd(e.rs2())); e.setRd(a); })).not.toThrow();
  });
});

describe('the interpreter', () => {
  it('is the same module, byte by byte, every time, and compiled once a process', () => {
    expect(generateInterpreter()).toEqual(generateInterpreter());
    expect(interpreterModule()).toBe(interpreterModule());
  });

  it('has a handler for every instruction and register', () => {
    INSTRUCTIONS.forEach((row) => {
      expect(instructionOf(handlerOf(row, 0))).toBe(row);
      expect(instructionOf(handlerOf(row, 1))).toBe(row);
    });
    expect(instructionOf(0)).toBeUndefined();
  });
});
