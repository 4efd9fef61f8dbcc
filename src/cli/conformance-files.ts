/** Finding the test programs of a folder, and the signatures to compare with that stand beside them. */
import { basename, join, relative } from 'node:path';
import { fs } from './host.js';
import { fileReason } from './program-file.js';
import { UsageError } from './usage-error.js';

/** One test program. */
export interface TestFile {
  /** Its name without .elf; with its folder where it is not the one given. */
  readonly name: string;
  readonly path: string;
}

const ELF_MAGIC = '\x7fELF';
/** What may stand behind the program's name in the name of its reference signature. */
const REFERENCES = ['.reference_output', '.sig', '.signature'];

function isElf(path: string): boolean {
  const fd = fs.openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(4);
    return fs.readSync(fd, bytes, 0, 4, 0) === 4 && bytes.toString('latin1') === ELF_MAGIC;
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * The ELF files of a folder and the folders in it that have no ending or end in .elf, by name.
 * @throws UsageError where the folder cannot be read
 */
export function testFiles(folder: string): TestFile[] {
  const found: TestFile[] = [];
  const search = (place: string): void => {
    for (const entry of fs.readdirSync(place, { withFileTypes: true })) {
      const path = join(place, entry.name);
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) search(path);
      else if (/^[^.]+(\.\d[^.]*)*(\.elf)?$/.test(entry.name) && fs.statSync(path).isFile() && isElf(path)) found.push({ name: relative(folder, path).replace(/\.elf$/, ''), path });
    }
  };
  try {
    search(folder);
  } catch (error) {
    throw new UsageError(`cannot read ${folder}: ${fileReason(error)}`);
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The file of a program's reference signature, undefined where there is none. */
export const referencePath = (path: string): string | undefined =>
  [path, path.replace(/\.elf$/, '')].flatMap((stem) => REFERENCES.map((ending) => stem + ending)).find((name) => fs.existsSync(name));

/** The text of a program's reference signature, undefined where there is none. */
export function referenceOf(path: string): string | undefined {
  const file = referencePath(path);
  return file === undefined ? undefined : fs.readFileSync(file, 'utf8');
}

/** The last part of a name, which names the test. */
export const lastPart = (name: string): string => basename(name);
