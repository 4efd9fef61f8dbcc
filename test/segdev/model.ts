/**
 * What a program may expect of device mappings, and nothing of how they are made: for each process a map from page number to the
 * handle behind it, the protection, and whether a translation may exist. The oracle of model.test.ts.
 */

export const READ = 1;
export const WRITE = 2;
export const USER = 8;

/** A part of a device's mapping space that devmap(9E) gives a handle of its own. Counts and offsets are pages. */
export interface ChunkSpec {
  readonly first: number;
  readonly pages: number;
  readonly kind: 'devmem' | 'umem' | 'pageable';
  readonly access: boolean;
  readonly remap: boolean;
  readonly usePagesize?: boolean;
}

export interface DeviceSpec {
  readonly name: string;
  readonly chunks: readonly ChunkSpec[];
  /** Pages of the register set; windows of remaps lie in it. */
  readonly registers: number;
}

/** How a device's devmap_access answers a fault: loads what is asked, the whole handle, or refuses with FC_HWERR. */
export type Policy = 'default' | 'whole' | 'refuse';

/** What is behind a handle: consecutive frames of registers or memory, one page for all, or nothing. */
export type Backing = { readonly kind: 'registers' | 'memory'; readonly frame: number } | { readonly kind: 'trash' } | { readonly kind: 'invalid' };

export interface ModelHandle {
  readonly dev: DeviceSpec;
  readonly chunk: ChunkSpec;
  /** Device offset of its first page, its virtual page and its length, in pages. */
  off: number;
  vpn: number;
  pages: number;
  /** `frame` belongs to the first page. */
  backing: Backing;
  maxprot: number;
  readonly mapProt: number;
}

export interface ModelSeg {
  locks: number;
}

export interface ModelPage {
  readonly handle: ModelHandle;
  seg: ModelSeg;
  prot: number;
  /** Whether a translation may exist: it was touched, or could have come along, since it was last taken away. */
  loaded: boolean;
  locks: number;
}

/** A softlock that holds. */
export interface ModelLock {
  readonly vpn: number;
  readonly pages: number;
  readonly devices: readonly string[];
  readonly segs: readonly ModelSeg[];
}

export type Verdict = 'ok' | 'maperr' | 'accerr' | 'hwerr' | 'nosupport';

export const rights = (page: ModelPage): number => page.prot & page.handle.maxprot;

/** Whether a fault may load more of the handle than the page that faulted. */
const widens = ({ chunk, backing, pages }: ModelHandle): boolean => backing.kind === 'registers' && pages >= 512 && chunk.usePagesize !== true;

/** The frame of a page by name: one name, one page of memory. */
export function frameOf(vpn: number, { handle }: ModelPage): string {
  const { backing, dev, chunk } = handle;
  if (backing.kind === 'registers') return `${dev.name} ${backing.frame + vpn - handle.vpn}`;
  if (backing.kind === 'memory') return `${dev.name}/${chunk.first} ${backing.frame + vpn - handle.vpn}`;
  return backing.kind;
}

/** One process. */
export class ModelSpace {
  readonly pages: Map<number, ModelPage> = new Map();
  readonly locks: ModelLock[] = [];

  /** Handles in the order of their addresses. */
  get handles(): ModelHandle[] {
    return [...new Set([...this.pages.values()].map(({ handle }) => handle))].toSorted((a, b) => a.vpn - b.vpn);
  }

  range(vpn: number, pages: number): (ModelPage | undefined)[] {
    return Array.from({ length: pages }, (_, i) => this.pages.get(vpn + i));
  }

  map(dev: DeviceSpec, off: number, pages: number, vpn: number, prot: number): void {
    const seg: ModelSeg = { locks: 0 };
    for (const chunk of dev.chunks) {
      const from = Math.max(off, chunk.first);
      const to = Math.min(off + pages, chunk.first + chunk.pages);
      if (from >= to) continue;
      const backing: Backing = { kind: chunk.kind === 'devmem' ? 'registers' : 'memory', frame: chunk.kind === 'devmem' ? from : from - chunk.first };
      this.#place({ dev, chunk, off: from, vpn: vpn + from - off, pages: to - from, backing, maxprot: 15, mapProt: prot }, () => ({ seg, prot, loaded: false, locks: 0 }));
    }
  }

  #place(handle: ModelHandle, rest: (vpn: number) => Omit<ModelPage, 'handle'>): void {
    for (let at = handle.vpn; at < handle.vpn + handle.pages; at++) this.pages.set(at, { ...rest(at), handle });
  }

  /** Takes [vpn, vpn+pages) away. What lies behind a hole in a handle or segment becomes one of its own. */
  unmap(vpn: number, pages: number): void {
    const end = vpn + pages;
    const handles = new Set<ModelHandle>();
    for (let at = vpn; at < end; at++) {
      const page = this.pages.get(at);
      if (page !== undefined) handles.add(page.handle);
      this.pages.delete(at);
    }
    for (const handle of handles) this.#cut(handle, vpn, end);
    const segs = new Map<ModelSeg, ModelSeg>();
    const before = new Set([...this.pages].filter(([at]) => at < vpn).map(([, page]) => page.seg));
    for (const [at, page] of this.pages) {
      if (at < end || !before.has(page.seg)) continue;
      if (!segs.has(page.seg)) segs.set(page.seg, { locks: 0 });
      page.seg = segs.get(page.seg)!;
    }
  }

  #cut(handle: ModelHandle, from: number, to: number): void {
    const { vpn, pages } = handle;
    const behind = vpn + pages - to;
    if (from > vpn && behind > 0) {
      this.#place(part(handle, to - vpn, behind), (at) => this.pages.get(at)!);
    } else if (behind > 0 && from <= vpn) {
      Object.assign(handle, part(handle, to - vpn, behind));
      return;
    }
    if (from > vpn) handle.pages = from - vpn;
  }

  fork(): ModelSpace {
    const child = new ModelSpace();
    const segs = new Map<ModelSeg, ModelSeg>();
    const twin = (seg: ModelSeg): ModelSeg => {
      if (!segs.has(seg)) segs.set(seg, { locks: 0 });
      return segs.get(seg)!;
    };
    for (const handle of this.handles) {
      child.#place({ ...handle }, (at) => {
        const { seg, prot } = this.pages.get(at)!;
        return { seg: twin(seg), prot, loaded: false, locks: 0 };
      });
    }
    return child;
  }

  /** Notes what serving pages [vpn, vpn+pages) of one handle may have loaded. */
  load(handle: ModelHandle, vpn: number, pages: number, whole: boolean): void {
    const [from, count] = whole || widens(handle) ? [handle.vpn, handle.pages] : [vpn, pages];
    for (let at = from; at < from + count; at++) this.pages.get(at)!.loaded = true;
  }

  /** What loading pages of one handle answers, as far as the pages themselves decide it. */
  verdict(vpn: number, pages: number, need: number): Verdict {
    for (let at = vpn; at < vpn + pages; at++) {
      const page = this.pages.get(at);
      if (page === undefined) return 'maperr';
      if ((rights(page) & need) === 0) return 'accerr';
      if (page.handle.backing.kind === 'invalid') return 'maperr';
    }
    return 'ok';
  }

  /** What an access to a page without a translation answers. */
  fault(vpn: number, need: number, policy: Policy): Verdict {
    const page = this.pages.get(vpn);
    if (page === undefined) return 'maperr';
    const { handle } = page;
    if (!handle.chunk.access || policy === 'default') return this.verdict(vpn, 1, need);
    return policy === 'refuse' ? 'hwerr' : this.verdict(handle.vpn, handle.pages, need);
  }
}

/** `pages` pages of a handle, from its page `skip` on. */
const part = (handle: ModelHandle, skip: number, pages: number): ModelHandle => ({
  ...handle, off: handle.off + skip, vpn: handle.vpn + skip, pages,
  backing: 'frame' in handle.backing ? { ...handle.backing, frame: handle.backing.frame + skip } : handle.backing,
});
