/** The pages of a file in memory, shared by all segments that map it. */
import { EFAULT, ENOMEM, PAGESIZE, asPaddr } from '../base/index.js';
import { AnonMap } from './anon.js';
import type { VmServices } from './services.js';

/** Where the bytes of a file come from. */
export interface FileBacking {
  readonly name: string;
  /** Bytes; may change. */
  readonly size: number;
  /** Copies bytes from `offset` to `bytes`, as many as there are. */
  read(offset: number, bytes: Uint8Array): void;
  /** Takes the bytes of a page that may have been changed through a shared mapping. */
  write?(offset: number, bytes: Uint8Array): void;
  /** Nobody refers to the pages any more. */
  close?(): void;
}

/** A file as segments see it. Pages are read once and stay until the last segment and the last holder are gone. */
export class FileObject {
  readonly name: string;
  /** Whether a shared mapping may have changed pages: who reads the file by other means flushes first. */
  writtenTo = false;
  readonly #backing: FileBacking;
  readonly #vm: VmServices;
  readonly #pages: AnonMap;

  /** The maker holds the object; `release` ends that. */
  constructor(vm: VmServices, backing: FileBacking) {
    this.#vm = vm;
    this.#backing = backing;
    this.name = backing.name;
    this.#pages = new AnonMap(vm.pages);
  }

  /** Bytes in the file now. */
  get size(): number {
    return this.#backing.size;
  }

  /**
   * The page at `offset` (a multiple of PAGESIZE); bytes behind the end of the file are zero.
   * @returns its frame; -EFAULT when the page lies behind the end, -ENOMEM when memory is used up.
   */
  page(offset: number): number {
    const { size } = this;
    if (offset >= size) return -EFAULT;
    const index = offset / PAGESIZE;
    const present = this.#pages.get(index);
    if (present !== undefined) return present;
    const pfn = this.#vm.pages.create();
    if (pfn === undefined) return -ENOMEM;
    const bytes = new Uint8Array(Math.min(PAGESIZE, size - offset));
    this.#backing.read(offset, bytes);
    this.#vm.memory.write(asPaddr(pfn * PAGESIZE), bytes);
    this.#pages.set(index, pfn);
    return pfn;
  }

  /** Whether the page at `offset` is in memory. */
  resident(offset: number): boolean {
    return this.#pages.get(offset / PAGESIZE) !== undefined;
  }

  /** The file has been written by other means: what is in memory of [offset, offset + bytes.length) becomes `bytes`. */
  update(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    this.#pages.each(Math.floor(offset / PAGESIZE), Math.ceil(end / PAGESIZE), (index, pfn) => {
      const from = Math.max(offset, index * PAGESIZE);
      const to = Math.min(end, (index + 1) * PAGESIZE);
      this.#vm.memory.write(asPaddr(pfn * PAGESIZE + (from - index * PAGESIZE)), bytes.subarray(from - offset, to - offset));
    });
  }

  /** The file has been cut to `size` bytes: what is in memory behind it becomes zero. */
  cut(size: number): void {
    this.#pages.each(Math.floor(size / PAGESIZE), Infinity, (index, pfn) => {
      const from = Math.max(0, size - index * PAGESIZE);
      this.#vm.memory.write(asPaddr(pfn * PAGESIZE + from), new Uint8Array(PAGESIZE - from));
    });
  }

  /** Gives the file back what shared mappings may have changed. */
  flush(): void {
    if (!this.writtenTo) return;
    const { size } = this;
    this.#pages.each(0, Math.ceil(size / PAGESIZE), (index, pfn) => {
      const bytes = new Uint8Array(Math.min(PAGESIZE, size - index * PAGESIZE));
      this.#vm.memory.read(asPaddr(pfn * PAGESIZE), bytes);
      this.#backing.write?.(index * PAGESIZE, bytes);
    });
  }

  /** Counts one more segment that maps the file. */
  hold(): this {
    this.#pages.hold();
    return this;
  }

  /** Counts one segment less; the last one gives the file back what was changed and frees the pages. */
  release(): void {
    if (this.#pages.refcount === 1) this.flush();
    this.#pages.release();
    if (this.#pages.refcount === 0) this.#backing.close?.();
  }
}

/** A file whose bytes are in the host's memory: `lead` zero bytes, then `content`. */
export const bytesBacking = (name: string, content: Uint8Array, lead = 0): FileBacking => ({
  name,
  size: lead + content.length,
  read: (offset, bytes) => {
    const skip = Math.max(0, lead - offset);
    if (skip < bytes.length) bytes.set(content.subarray(offset + skip - lead, offset - lead + bytes.length), skip);
  },
});
