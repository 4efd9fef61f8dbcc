/** From a path to a program: the file is read, `#!` leads to its interpreter, what is no program is refused with the reason. */
import { EACCES, EFBIG, EISDIR, ELIBBAD, ELOOP, ENOENT, ENOEXEC, ENOMEM } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { ElfError, readElf } from '../../guest/index.js';
import type { ElfImage } from '../../guest/index.js';
import { loadPlace } from './fs/load.js';
import type { Place } from './fs/vnode.js';
import { find } from './fs/walk.js';
import type { Walker } from './fs/walk.js';

/** Scripts that may lead to each other (Linux: 5 changes of the program). */
const MAX_SCRIPTS = 5;
/** Bytes of a script's first line that count (BINPRM_BUF_SIZE). */
const LINE_MAX = 256;
/** Larger files are no programs of this machine. */
const FILE_MAX = 2 ** 30;

type Words = readonly (string | Uint8Array)[];

/** A program that can be loaded, and the arguments it is started with. */
export interface Program {
  readonly image: ElfImage;
  readonly file: Place;
  readonly argv: Words;
}

/** Why there is none: an errno, and what is worth telling a person where the errno says too little. */
export interface NoProgram {
  readonly errno: number;
  readonly reason: string;
}

const no = (errno: number, reason = ''): NoProgram => ({ errno, reason });

/**
 * Finds the program behind `file`, which a process calls `path`.
 * @returns it, or EACCES (no regular file, or not executable), ENOEXEC (neither a program of this machine nor a script), ELIBBAD (it asks for
 *     a dynamic linker), ELOOP (scripts that lead to scripts), ENOMEM (absurdly large), or what the file system said
 */
export function* findProgram(walker: Walker, file: Place, path: string, argv: Words): Kgen<Program | NoProgram> {
  let at = file;
  let words: Words = argv.length === 0 ? [''] : argv;
  let name = path;
  for (let scripts = 0; ;) {
    const loaded = yield* loadPlace(at, FILE_MAX);
    if (typeof loaded === 'number') return no(loaded === -EISDIR ? EACCES : loaded === -EFBIG ? ENOMEM : -loaded);
    const { bytes } = loaded;
    const line = scriptLine(bytes);
    if (line === undefined) return parse(bytes, at, words);
    const [interpreter, argument] = line;
    if (interpreter === undefined) return no(ENOEXEC);
    if (++scripts > MAX_SCRIPTS) return no(ELOOP);
    words = [interpreter, ...(argument === undefined ? [] : [argument]), name, ...words.slice(1)];
    const found = find(walker, interpreter, true);
    if (typeof found === 'number') return no(-found, found === -ENOENT ? `its interpreter ${interpreter} does not exist` : '');
    at = found;
    name = interpreter;
  }
}

function parse(bytes: Uint8Array, file: Place, argv: Words): Program | NoProgram {
  try {
    return { image: readElf(bytes), file, argv };
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return no(error.dynamic ? ELIBBAD : ENOEXEC, error.message);
  }
}

/** The words of a first line that begins with `#!`: an interpreter and at most one argument, blanks included; undefined: no script. */
function scriptLine(bytes: Uint8Array): readonly [interpreter: string | undefined, argument: string | undefined] | undefined {
  if (bytes[0] !== 0x23 || bytes[1] !== 0x21) return undefined;
  const start = bytes.subarray(2, LINE_MAX);
  const end = start.indexOf(0x0a);
  const line = new TextDecoder().decode(end < 0 ? start : start.subarray(0, end)).replace(/^[ \t]+|[ \t\0]+$/g, '');
  const blank = line.search(/[ \t]/);
  if (line === '') return [undefined, undefined];
  return blank < 0 ? [line, undefined] : [line.slice(0, blank), line.slice(blank).replace(/^[ \t]+/, '')];
}
