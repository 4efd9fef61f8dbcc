/** What tells V8 what to optimise. */
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { moduleTiers } from '../../src/cli/module-tiers.js';
import { FunctionBody, ModuleWriter, ValueType } from '../../src/wasm/index.js';

/** A module with `answer()`, which returns the number. */
function answering(number: number): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  const body = new FunctionBody([], [ValueType.I32]);
  body.i32Const(number);
  module.addFunction(body, 'answer');
  return module.finish();
}

const answerOf = (module: object): unknown => (new WebAssembly.Instance(module, {}).exports['answer'] as () => number)();

describe('tiers of modules', () => {
  it('are there where V8 is that of Node 20, and nowhere else', () => {
    expect(moduleTiers !== undefined).toBe(process.versions.v8.startsWith('11.3.'));
  });

  it('tell a function that has been optimised from one that has not', () => {
    expect(moduleTiers !== undefined).toBe(process.versions.v8.startsWith('11.3.'));
    if (moduleTiers === undefined) return;
    const { quick, optimized, isOptimized } = moduleTiers;
    const [slow, fast] = [quick(answering(45)), optimized(answering(46))].map((module) => new WebAssembly.Instance(module, {}).exports['answer']);
    for (let asked = 0; !isOptimized(fast); asked++) if (asked > 1e8) throw new Error('never optimised');
    expect([isOptimized(slow), isOptimized(fast)]).toEqual([false, true]);
    // The syntax for V8's own functions is not allowed afterwards.
    expect(() => new Script('%IsTurboFanFunction(1)')).toThrow(SyntaxError);
  });

  it('compile what they are given; what is no module is refused and hinders no other', () => {
    for (const name of moduleTiers ? (['quick', 'optimized'] as const) : []) {
      const compile = moduleTiers![name];
      expect([name, answerOf(compile(answering(42)))]).toEqual([name, 42]);
      expect(() => compile(new Uint8Array(8))).toThrow('WebAssembly.Module()');
      expect(answerOf(compile(answering(43)))).toBe(43);
    }
    expect(answerOf(new WebAssembly.Module(answering(44)))).toBe(44);
  });
});
