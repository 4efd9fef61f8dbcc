/** The vocabularies of the scenario language: protections, flags, access kinds, error names. */
import * as errnos from '../../base/index.js';
import {
  DEVMAP_ALLOW_REMAP, DEVMAP_MAPPING_INVALID, DEVMAP_USE_PAGESIZE, DDI_UMEM_NOSLEEP, DDI_UMEM_PAGEABLE, DDI_UMEM_TRASH, IOMEM_DATA_CACHED,
  IOMEM_DATA_UC_WR_COMBINE, IOMEM_DATA_UNCACHED,
} from '../../ddi/index.js';
import { MAP_FIXED, MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED } from '../../vm/index.js';
import type { Line, Word } from './words.js';
import { parseNumber } from './words.js';

type Vocabulary = Readonly<Record<string, number>>;

const MFLAGS: Vocabulary = { shared: MAP_SHARED, private: MAP_PRIVATE, fixed: MAP_FIXED, noreserve: MAP_NORESERVE };
const DFLAGS: Vocabulary = {
  invalid: DEVMAP_MAPPING_INVALID, remap: DEVMAP_ALLOW_REMAP, pagesize: DEVMAP_USE_PAGESIZE, cached: IOMEM_DATA_CACHED,
  wc: IOMEM_DATA_UC_WR_COMBINE, uncached: IOMEM_DATA_UNCACHED,
};
const UFLAGS: Vocabulary = { sleep: 0, nosleep: DDI_UMEM_NOSLEEP, pageable: DDI_UMEM_PAGEABLE, trash: DDI_UMEM_TRASH };
const RW: Vocabulary = { other: 0, read: 1, write: 2, exec: 3, create: 4 };
const FT: Vocabulary = { inval: 0, prot: 1, softlock: 2, softunlock: 3 };
const ACC: Vocabulary = { strict: 0, unordered: 1, merging: 2, loadcaching: 3, storecaching: 4, bad: 7 };

function joined(line: Line, word: Word, words: Vocabulary, what: string): number {
  const number = parseNumber(word.text);
  if (number !== undefined) return number;
  return word.text.split('+').reduce((sum, name) => sum | (words[name] ?? line.fail(`expected ${what} (${Object.keys(words).join(', ')}), got ${name}`, word)), 0);
}

const single = (line: Line, word: Word, words: Vocabulary, what: string): number =>
  words[word.text] ?? line.fail(`expected ${what} (${Object.keys(words).join(', ')}), got ${word.text}`, word);

/** mmap(2) flags. */
export const mflags = (line: Line, word: Word): number => joined(line, word, MFLAGS, 'mapping flags');
/** devmap set-up flags. */
export const dflags = (line: Line, word: Word): number => joined(line, word, DFLAGS, 'devmap flags');
/** ddi_umem_alloc flags. */
export const uflags = (line: Line, word: Word): number => joined(line, word, UFLAGS, 'umem flags');
/** A kind of access. */
export const accessRw = (line: Line, word: Word): number => single(line, word, RW, 'an access');
/** A kind of fault. */
export const faultType = (line: Line, word: Word): number => single(line, word, FT, 'a fault type');
/** A data order. */
export const accOrder = (line: Line, word: Word): number => single(line, word, ACC, 'an access order');

/** Protection letters. */
export function protection(line: Line, word: Word): number {
  if (word.text === '-') return 0;
  return [...word.text].reduce((sum, letter) => {
    const bit = { r: 1, w: 2, x: 4, u: 8 }[letter];
    return bit === undefined ? line.fail(`expected letters of r w x u, or -, got ${word.text}`, word) : sum | bit;
  }, 0);
}

/** An errno by name or number. */
export function errorNumber(line: Line, word: Word): number {
  const number = parseNumber(word.text);
  if (number !== undefined) return number;
  const named = Object.entries(errnos).find(([name]) => name === word.text && name.startsWith('E'));
  return typeof named?.[1] === 'number' ? named[1] : line.fail(`expected an error name or number, got ${word.text}`, word);
}
