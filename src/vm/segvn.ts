/** Segments of anonymous memory and of private or shared file pages (segvn): how they are made. */
import { EINVAL, PAGESIZE, isAligned } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { firstEndingAbove } from './address-space.js';
import type { Seg } from './address-space.js';
import { AnonMap } from './anon.js';
import { MAP_PRIVATE, MAP_SHARED, MAP_TYPE, PROT_ALL, PROT_USER } from './constants.js';
import type { FileObject } from './file-object.js';
import { seg_free } from './seg.js';
import { SegvnData, segvnData } from './segvn-data.js';
import { segvn_ops } from './segvn-ops.js';

/** What to map. */
export interface SegvnArgs {
  /** MAP_SHARED or MAP_PRIVATE. */
  readonly type: number;
  readonly prot: number;
  /** The most mprotect may give; default all. */
  readonly maxprot?: number;
  /** The file; absent for anonymous memory. The segment holds it. */
  readonly file?: FileObject;
  /** Bytes into the file, a multiple of PAGESIZE; default 0. */
  readonly offset?: number;
  /** Bytes from the beginning that the file gives, the rest being zero; only for private mappings. Default: all. */
  readonly fileBytes?: number;
  /** Shared anonymous memory that exists already; the segment holds it. */
  readonly amp?: AnonMap;
  /** Whether the segment right below may grow instead, when it is alike (brk): the new segment is then gone. */
  readonly extend?: boolean;
}

/**
 * The create routine of as_map for anonymous or file memory.
 * @returns through as_map: 0; EINVAL for a wrong type, an unaligned offset, or `fileBytes` with MAP_SHARED.
 */
export const segvn_create = (args: SegvnArgs): ((seg: Seg) => Kgen<number>) => function* create(seg) {
  const type = args.type & MAP_TYPE;
  const offset = args.offset ?? 0;
  if ((type !== MAP_SHARED && type !== MAP_PRIVATE) || !isAligned(offset, PAGESIZE)) return EINVAL;
  if (type === MAP_SHARED && args.fileBytes !== undefined) return EINVAL;
  const below = args.extend === true ? growable(seg, args) : undefined;
  if (below !== undefined) {
    const { size } = seg;
    yield* seg_free(seg);
    below.size += size;
    return 0;
  }
  const anonymous = type === MAP_SHARED && args.file === undefined;
  seg.ops = segvn_ops;
  seg.data = new SegvnData({
    type: args.type, prot: args.prot | PROT_USER, maxprot: (args.maxprot ?? PROT_ALL) | PROT_USER,
    amp: args.amp?.hold() ?? (anonymous ? new AnonMap(seg.as.vm.pages) : undefined), index: 0,
    file: args.file?.hold(), offset, fileBytes: args.file === undefined ? 0 : (args.fileBytes ?? Infinity),
  });
  return 0;
};

/** The private anonymous segment right below, when it can take the new one in. */
function growable(seg: Seg, args: SegvnArgs): Seg | undefined {
  const below = seg.as.segs[firstEndingAbove(seg.as, seg.base) - 1];
  if (below === undefined || below.end !== seg.base || below.ops !== segvn_ops || args.file !== undefined) return undefined;
  const data = segvnData(below);
  const alike = data.type === args.type && !data.shared && data.prot === (args.prot | PROT_USER) && data.maxprot === ((args.maxprot ?? PROT_ALL) | PROT_USER);
  return alike && data.vpage === undefined && data.file === undefined && (data.amp?.refcount ?? 1) === 1 ? below : undefined;
}
