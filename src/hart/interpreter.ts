/**
 * The interpreter: one WebAssembly function, generated from the instruction table, a loop around a `br_table` over the
 * handler numbers of decoded instructions.
 *
 *     block leaveAtPc
 *       block leaveAtIp
 *         loop goto                    pc is set: find its decoded page, set ip
 *           loop next                  ip is set: is the quantum over?
 *             br_table -> handlers     each ends with a branch to one of the four
 *
 * V8 checks for interrupts at every loop head, so there is one loop head to an instruction.
 */
import type { LinearMemory } from '../base/index.js';
import { FunctionBody, ModuleWriter, Op, ValueType } from '../wasm/index.js';
import { Leave } from './leave.js';
import { addDecoder } from './decoder.js';
import { addFloatFunctions } from './float-functions.js';
import { LINKLESS } from './handlers.js';
import { InterpreterEmitter } from './interpreter-emitter.js';
import { INSTRUCTIONS } from './isa/index.js';
import { HART_RESERVED, REGION_SLOTS } from './layout.js';
import { buildMiss } from './page-walk.js';

const { I32, I64 } = ValueType;

/** The parameters of a region's function: block to begin with, decoded page, its virtual address, countdown. */
export const REGION_PARAMS: readonly ValueType[] = [I32, I32, I64, I64];
/** Its result: 0 where execution goes on at the pc of the state; else the interpreter has to do the instruction there. */
export const REGION_RESULTS: readonly ValueType[] = [I32];

/** What this project needs of a WebAssembly.Table; public types name this for the reason LinearMemory has. */
export interface FunctionTable {
  /** Puts a function of generated code into a slot, or null. */
  set(slot: number, func: unknown): void;
}

/** What the interpreter calls. All numbers are int32. */
export interface InterpreterImportFunctions {
  /** The slow path of a data access. Returns the host address to access, 0 after a fault. */
  access(low: number, high: number, size: number, kind: number): number;
  /** Fetches from the page after the given one, in which an instruction ends; returns the linear address of that page, 0 after a fault. */
  straddle(pageLow: number, pageHigh: number): number;
  /** Performs the floating-point operation whose operands are in the state; 0 where it is illegal or must wait. */
  perform(operation: number, rm: number): number;
}

let compiled: WebAssembly.Module | undefined;

/** Takes a module made of what `generateInterpreter()` of the same build has written; without effect once a machine was made. */
export function usePrebuiltInterpreter(module: object): void {
  compiled ??= module as WebAssembly.Module;
}

/** The interpreter of one memory. */
export interface Interpreter {
  /** Runs until there is a reason to return. */
  readonly run: () => Leave;
  /** A data access that the translation cache does not answer: `access` of the imports, done here where it is an ordinary one. */
  readonly miss: InterpreterImportFunctions['access'];
  /** Writes the decoded form of an instruction with these bits to a place of a decoded page, as the interpreter does; returns its handler. */
  readonly decode: (ip: number, bits: number) => number;
  /** The functions of regions. */
  readonly regions: FunctionTable;
}

const compiledModule = (): WebAssembly.Module => (compiled ??= new WebAssembly.Module(generateInterpreter()));

/** The interpreter's module; generated and compiled once a process. */
export const interpreterModule = (): object => compiledModule();

/** Makes the interpreter of one memory. */
export function instantiateInterpreter(memory: LinearMemory, functions: InterpreterImportFunctions): Interpreter {
  const { exports } = new WebAssembly.Instance(compiledModule(), { env: { memory, ...functions } });
  return {
    run: exports['run'] as Interpreter['run'], miss: exports['miss'] as Interpreter['miss'], decode: exports['decode'] as Interpreter['decode'],
    regions: exports['regions'] as FunctionTable,
  };
}

/** Generates the module. */
export function generateInterpreter(): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  module.importMemory(HART_RESERVED >>> 16);
  const imports = {
    access: module.importFunction('access', [I32, I32, I32, I32], [I32]),
    straddle: module.importFunction('straddle', [I32, I32], [I32]),
    region: module.type(REGION_PARAMS, REGION_RESULTS),
  };
  const floatFunctions = addFloatFunctions(module, module.importFunction('perform', [I32, I32], [I32]));
  module.exportTable(REGION_SLOTS, 'regions');
  const miss = module.addFunction(buildMiss(imports.access), 'miss');
  const body = new FunctionBody([], [I32]);
  const e = new InterpreterEmitter(body, { ...imports, ...floatFunctions, ...addDecoder(module), access: miss });
  e.enter();
  e.labels.leaveAtPc = body.open(Op.block);
  e.labels.leaveAtIp = body.open(Op.block);
  e.labels.goto = body.open(Op.loop);
  e.locate();
  e.labels.next = body.open(Op.loop);
  e.checkQuantum();
  writeHandlers(e, body);
  for (let loops = 0; loops < 2; loops++) {
    body.op(Op.unreachable);
    body.end();
  }
  body.op(Op.unreachable);
  body.end();
  e.pcFromIp();
  body.end();
  e.exit();
  module.addFunction(body, 'run');
  return module.finish();
}

/** Writes all handlers in the order of their numbers: handler n stands behind the end of the n-th block of the table. */
function writeHandlers(e: InterpreterEmitter, body: FunctionBody): void {
  const handlers: (() => void)[] = [
    () => e.undecoded(), () => e.pageEnd(), () => e.leave(Leave.Break), () => e.region(), () => e.undecoded(), () => e.straddle(),
    () => e.leave(Leave.Illegal),
  ];
  for (const row of INSTRUCTIONS) handlers.push(() => e.instruction(row.semantics, row.flow !== 'next', false));
  for (const row of LINKLESS) handlers.push(() => e.instruction(row.semantics, true, true));
  e.labels.handlers = handlers.map(() => body.open(Op.block)).reverse();
  e.dispatchNext();
  for (const write of handlers) {
    body.end();
    write();
  }
}
