/** The pages of a file in memory, shared by all segments that map it. */
import { EFAULT, ENOMEM, PAGESIZE, asPaddr } from '../base/index.js';
import { AnonMap } from './anon.js';
import type { VmServices } from './services.js';

/** Where the bytes of a file come from. */
export interface FileBacking {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Copies bytes from `offset` to `bytes`, as many as there are. */
  read(offset: number, bytes: Uint8Array): void;
}

/** A file as segments see it. Pages are read once and stay until the last segment and the last holder are gone. */
export class FileObject {
  readonly name: string;
  readonly size: number;
  readonly #backing: FileBacking;
  readonly #vm: VmServices;
  readonly #pages: AnonMap;

  /** The maker holds the object; `release` ends that. */
  constructor(vm: VmServices, backing: FileBacking) {
    this.#vm = vm;
    this.#backing = backing;
    this.name = backing.name;
    this.size = backing.size;
    this.#pages = new AnonMap(vm.pages);
  }

  /**
   * The page at `offset` (a multiple of PAGESIZE); bytes behind the end of the file are zero.
   * @returns its frame; -EFAULT when the page lies behind the end, -ENOMEM when memory is used up.
   */
  page(offset: number): number {
    if (offset >= this.size) return -EFAULT;
    const index = offset / PAGESIZE;
    const present = this.#pages.get(index);
    if (present !== undefined) return present;
    const pfn = this.#vm.pages.create();
    if (pfn === undefined) return -ENOMEM;
    const bytes = new Uint8Array(Math.min(PAGESIZE, this.size - offset));
    this.#backing.read(offset, bytes);
    this.#vm.memory.write(asPaddr(pfn * PAGESIZE), bytes);
    this.#pages.set(index, pfn);
    return pfn;
  }

  /** Whether the page at `offset` is in memory. */
  resident(offset: number): boolean {
    return this.#pages.get(offset / PAGESIZE) !== undefined;
  }

  hold(): this {
    this.#pages.hold();
    return this;
  }

  release(): void {
    this.#pages.release();
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
