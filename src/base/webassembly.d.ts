/** The part of the WebAssembly JavaScript interface this project uses; the compiler's own declarations of it come with the DOM only. */
declare namespace WebAssembly {
  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: ArrayBufferLike;
  }
  class Module {
    constructor(bytes: Uint8Array | ArrayBuffer);
  }
  type ImportValue = Memory | number | bigint | ((...values: never[]) => unknown);
  class Table {
    set(slot: number, func: unknown): void;
  }
  class Instance {
    constructor(module: Module, imports?: Readonly<Record<string, Readonly<Record<string, ImportValue | { readonly buffer: ArrayBufferLike }>>>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
