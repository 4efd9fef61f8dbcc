/** The tree of names of a machine: a root with /dev and /proc in it, and the directory of the host that is the rest, if there is one. */
import type { Dev } from '../../ddi/index.js';
import type { FileOps } from '../file-ops.js';
import type { Proc } from '../proc.js';
import { MOUNTS } from './attributes.js';
import { devTree } from './dev-tree.js';
import { FixedDirectory, fixedContents } from './fixed-directory.js';
import type { HostFiles } from './host-files.js';
import { HostTree } from './host-tree.js';
import { HostDirectory } from './host-vnode.js';
import { placeOf } from './place.js';
import { procTree } from './proc-tree.js';
import type { Place, Vnode } from './vnode.js';

/** Bytes a guest may add to a writable root unless told otherwise. */
export const DEFAULT_ROOT_SPACE: number = 2 ** 30;
/** What a hart can do, as Linux writes it. */
const ISA = 'rv64imafdc_zicbom_zicboz_zicntr_zicsr_zifencei_zba_zbb_zbs';
/** Files of the host that may be open at a time (ENFILE). */
const MAX_HOST_FILES = 4096;

/** What the tree is made from. */
export interface FileSystemOptions {
  readonly devices: ReadonlyMap<string, Dev>;
  readonly procs: ReadonlyMap<number, Proc>;
  readonly random: (length: number) => Uint8Array;
  readonly terminal: FileOps | undefined;
  /** Bytes of memory, and of it free. */
  readonly memory: () => { readonly total: number; readonly free: number };
  readonly harts: number;
  /** ns since the machine was made. */
  readonly uptime: () => number;
  /** ns since 1970. */
  readonly now: () => bigint;
  /** The host's directory that is the root; undefined: there is nothing but /dev and /proc. */
  readonly host: HostFiles | undefined;
  /** Bytes the guest may add to it. */
  readonly space: number;
}

/** The names all processes see. */
export class FileSystem {
  readonly root: Place;
  /** The host's part; undefined without one. */
  readonly hostTree: HostTree | undefined;

  constructor(o: FileSystemOptions) {
    const mounts = new Map<string, Vnode>([['dev', devTree(o)], ['proc', procTree({ procs: o.procs, texts: texts(o) })]]);
    this.hostTree = o.host === undefined ? undefined : new HostTree({ host: o.host, space: o.space, maxOpen: MAX_HOST_FILES, now: o.now });
    const root = this.hostTree === undefined
      ? new FixedDirectory({ dev: MOUNTS.root, ino: 1 }, fixedContents(mounts))
      : new HostDirectory(this.hostTree, undefined, '', mounts);
    this.root = placeOf(root, undefined, '');
  }
}

/** The files of /proc that are about the machine. */
function texts(o: FileSystemOptions): Readonly<Record<string, () => string>> {
  const kB = (bytes: number): string => `${Math.floor(bytes / 1024)} kB`.padStart(11);
  const seconds = (ns: number): string => (ns / 1e9).toFixed(2);
  const how = o.host?.writable === true ? 'rw' : 'ro';
  return {
    cpuinfo: () => Array.from({ length: o.harts }, (_, n) => `processor\t: ${n}\nhart\t\t: ${n}\nisa\t\t: ${ISA}\nmmu\t\t: sv39\n`).join('\n'),
    filesystems: () => 'nodev\tproc\nnodev\tdevtmpfs\n\thostfs\n',
    loadavg: () => '0.00 0.00 0.00 1/1 1\n',
    meminfo: () => {
      const { total, free } = o.memory();
      return `MemTotal:    ${kB(total)}\nMemFree:     ${kB(free)}\nMemAvailable:${kB(free)}\nBuffers:     ${kB(0)}\nCached:      ${kB(0)}\nSwapTotal:   ${kB(0)}\nSwapFree:    ${kB(0)}\n`;
    },
    mounts: () => `root / hostfs ${how} 0 0\ndev /dev devtmpfs ro 0 0\nproc /proc proc ro 0 0\n`,
    uptime: () => `${seconds(o.uptime())} 0.00\n`,
    version: () => 'Linux version 6.1.0 (segdev) #1\n',
  };
}
