import { describe, expect, it } from 'vitest';
import { FunctionBody, ModuleWriter, Op, ValueType } from '../../src/wasm/index.js';

const { I32, I64 } = ValueType;

function instantiate(module: ModuleWriter, env: Record<string, WebAssembly.Memory | ((...values: never[]) => unknown)> = {}): Record<string, (...args: (number | bigint)[]) => number | bigint> {
  return new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env }).exports as never;
}

describe('a generated module', () => {
  it('computes: a loop with a condition, locals and 64-bit constants', () => {
    // n! by a loop
    const body = new FunctionBody([I32], [I64]);
    const result = body.local(I64);
    body.i64Const(1n);
    body.set(result);
    const done = body.open(Op.block);
    const again = body.open(Op.loop);
    body.get(0);
    body.op(Op.i32Eqz);
    body.brIf(done);
    body.get(result);
    body.get(0);
    body.op(Op.i64ExtendI32U);
    body.op(Op.i64Mul);
    body.set(result);
    body.get(0);
    body.i32Const(-1);
    body.op(Op.i32Add);
    body.set(0);
    body.br(again);
    body.end();
    body.end();
    body.get(result);
    const module = new ModuleWriter();
    module.addFunction(body, 'factorial');
    expect(instantiate(module)['factorial']!(20)).toBe(2432902008176640000n);
  });

  it('branches by table to the label of each index, and to the default beyond', () => {
    const body = new FunctionBody([I32], [I32]);
    const labels = [body.open(Op.block), body.open(Op.block), body.open(Op.block)].reverse();
    body.get(0);
    body.brTable(labels.slice(0, 2), labels[2]!);
    for (const result of [100, 200]) {
      body.end();
      body.i32Const(result);
      body.op(Op.return);
    }
    body.end();
    body.i32Const(-1);
    const module = new ModuleWriter();
    module.addFunction(body, 'choose');
    const { choose } = instantiate(module);
    expect([0, 1, 2, 77].map((n) => choose!(n))).toEqual([100, 200, -1, -1]);
  });

  it('imports memory and functions; the memory is shared with the host', () => {
    const module = new ModuleWriter();
    module.importMemory(1);
    const twice = module.importFunction('twice', [I32], [I32]);
    const body = new FunctionBody([I32], []);
    body.get(0);
    body.get(0);
    body.memory(Op.i32Load, 0);
    body.call(twice);
    body.memory(Op.i32Store, 4);
    module.addFunction(body, 'run');
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const words = new Int32Array(memory.buffer);
    words[2] = 21;
    instantiate(module, { memory, twice: (n: number) => n * 2 })['run']!(8);
    expect(words[3]).toBe(42);
  });

  it('gives equal signatures one type and calls between its own functions right, behind imports', () => {
    const module = new ModuleWriter();
    module.importFunction('unused', [I32], [I32]);
    const inner = new FunctionBody([I32], [I32]);
    inner.get(0);
    inner.i32Const(5);
    inner.op(Op.i32Add);
    const index = module.addFunction(inner);
    const outer = new FunctionBody([I32], [I32]);
    outer.get(0);
    outer.call(index);
    outer.call(index);
    module.addFunction(outer, 'ten');
    expect(instantiate(module, { unused: () => 0 })['ten']!(1)).toBe(11);
  });
});

describe('scratch locals', () => {
  it('are reused after releaseTemps, never before, and by type', () => {
    const body = new FunctionBody([I32], []);
    const a = body.temp(I32);
    const b = body.temp(I32);
    const c = body.temp(I64);
    expect(new Set([0, a, b, c]).size).toBe(4);
    body.releaseTemps();
    expect([a, b]).toContain(body.temp(I32));
    expect(body.temp(I64)).toBe(c);
  });
});

describe('misuse is refused', () => {
  it('a branch to a label that is closed', () => {
    const body = new FunctionBody([], []);
    const label = body.open(Op.block);
    body.end();
    expect(() => body.br(label)).toThrow(RangeError);
  });

  it('an end too many, a block left open, an import after a function', () => {
    expect(() => new FunctionBody([], []).end()).toThrow(RangeError);
    const open = new FunctionBody([], []);
    open.open(Op.block);
    const module = new ModuleWriter();
    module.addFunction(open);
    expect(() => module.finish()).toThrow(/1 blocks are still open/);
    expect(() => module.importFunction('late', [], [])).toThrow(/late/);
  });
});
