/** A small WebAssembly writer. Imports nothing. */
export { ByteWriter } from './byte-writer.js';
export { FunctionBody, type Label } from './function-body.js';
export { ModuleWriter } from './module-writer.js';
export { Op, ValueType } from './opcodes.js';
