/** /proc: what processes tell of themselves, and the machine of itself. */
import { EACCES, ENOENT } from '../../base/index.js';
import type { Proc } from '../proc.js';
import { mapsText } from '../mappings.js';
import { MOUNTS } from './attributes.js';
import { FixedDirectory } from './fixed-directory.js';
import { madeFile, madeLink, textFile } from './made-files.js';
import type { Identity } from './made-files.js';
import { placePath } from './place.js';
import { memFile } from './proc-mem.js';
import { statText, statusText } from './proc-status.js';
import type { Place, Vnode } from './vnode.js';

/** What /proc shows. */
export interface ProcTreeOptions {
  readonly procs: ReadonlyMap<number, Proc>;
  /** Texts by their name below /proc: "meminfo". */
  readonly texts: Readonly<Record<string, () => string>>;
}

/** Inode numbers a process has: its directory, its files, and behind them its descriptors. */
const INODES_OF_PROCESS = 4096;
const FIRST_DESCRIPTOR = 64;
/** Inode numbers of what is no process. */
const ROOT_INODE = 1;

const identity = (ino: number): Identity => ({ dev: MOUNTS.proc, ino });
const withEnd = (text: string): string => (text === '' ? '' : `${text}\n`);

/** Makes /proc. */
export function procTree(o: ProcTreeOptions): FixedDirectory {
  const files = new Map<string, Vnode>();
  let ino = ROOT_INODE;
  files.set('self', madeLink(identity(++ino), (caller) => String(caller.pid)));
  files.set('mounts', madeLink(identity(++ino), () => 'self/mounts'));
  for (const [name, text] of Object.entries(o.texts)) if (!files.has(name)) files.set(name, textFile(identity(++ino), text));
  const process = (name: string): Proc | undefined => {
    const proc = /^[1-9][0-9]{0,9}$/.test(name) ? o.procs.get(Number(name)) : undefined;
    return proc?.status === undefined ? proc : undefined;
  };
  return new FixedDirectory(identity(ROOT_INODE), {
    lookup: (name) => {
      const proc = process(name);
      return proc === undefined ? files.get(name) : processDirectory(proc, o.texts);
    },
    names: () => [...files.keys(), ...[...o.procs.keys()].map(String).filter((name) => process(name) !== undefined)],
  }, EACCES);
}

function processDirectory(proc: Proc, texts: ProcTreeOptions['texts']): FixedDirectory {
  const first = proc.pid * INODES_OF_PROCESS;
  const text = (n: number, make: () => string): Vnode => textFile(identity(first + n), () => (proc.status === undefined ? make() : undefined));
  const { cwd, root } = proc.fs;
  const makers: Readonly<Record<string, () => Vnode>> = {
    cmdline: () => text(1, () => proc.argv.map((arg) => `${arg}\0`).join('')),
    comm: () => text(2, () => `${proc.name}\n`),
    cwd: () => madeLink(identity(first + 3), () => placePath(cwd), () => cwd),
    exe: () => madeLink(identity(first + 4), () => exeName(proc), ...(proc.exe === undefined ? [] : [(): Place => proc.exe!] as const)),
    fd: () => descriptors(proc, first),
    maps: () => text(6, () => withEnd(mapsText(proc))),
    mem: () => madeFile(identity(first + 7), 0o600, () => memFile(proc)),
    mounts: () => text(8, () => texts['mounts']?.() ?? ''),
    root: () => madeLink(identity(first + 9), () => placePath(root), () => root),
    stat: () => text(10, () => statText(proc)),
    status: () => text(11, () => statusText(proc)),
  };
  return new FixedDirectory(identity(first), { lookup: (name) => (Object.hasOwn(makers, name) ? makers[name]?.() : undefined), names: () => Object.keys(makers) }, EACCES);
}

/** The program's name: of its file in the tree, or what it was started as, which then counts from the root. */
function exeName(proc: Proc): string | number {
  if (proc.exe !== undefined) return placePath(proc.exe);
  const name = proc.argv[0]?.replace(/^(\.?\/+)+/, '') ?? '';
  return name === '' ? -ENOENT : `/${name}`;
}

/** /proc/PID/fd: a link for each descriptor, which leads to the file itself, whatever has become of its name. */
const descriptors = (proc: Proc, first: number): FixedDirectory => new FixedDirectory(identity(first + 5), {
  lookup: (name) => {
    const fd = /^(0|[1-9][0-9]{0,9})$/.test(name) ? Number(name) : -1;
    const file = proc.files.get(fd);
    if (file === undefined) return undefined;
    return madeLink(identity(first + FIRST_DESCRIPTOR + fd), () => placePath(file.place), () => file.place);
  },
  names: () => proc.files.numbers().map(String),
}, EACCES);
