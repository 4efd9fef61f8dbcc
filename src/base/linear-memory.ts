/** What this project needs of a WebAssembly.Memory; public types name this, because the namespace WebAssembly is declared only where the DOM is. */
export interface LinearMemory {
  readonly buffer: ArrayBufferLike;
}
