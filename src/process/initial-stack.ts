/**
 * The stack a Linux RV64 program starts on (Linux `fs/binfmt_elf.c`, RISC-V psABI "Process initialization"):
 *
 *     sp -> argc
 *           argv[0] .. argv[argc-1], NULL
 *           envp[0] .., NULL
 *           auxv: pairs (type, value) up to AT_NULL
 *           16 random bytes, the strings, the program's path, 8 zero bytes
 *     top
 */
import { PAGESIZE, alignDown } from '../base/index.js';
import {
  AT_BASE, AT_CLKTCK, AT_EGID, AT_ENTRY, AT_EUID, AT_EXECFN, AT_FLAGS, AT_GID, AT_HWCAP, AT_MINSIGSTKSZ, AT_NULL, AT_PAGESZ, AT_PHDR,
  AT_PHENT, AT_PHNUM, AT_RANDOM, AT_SECURE, AT_UID, HWCAP_IMAFDC,
} from './linux-flags.js';
import { FRAME_SIZE } from './signal-frame.js';

/** Bytes all strings together may take; more is E2BIG. Linux: a quarter of the stack limit. */
export const ARG_MAX: number = 2 * 2 ** 20;
/** Ticks a second that times(2) counts in. */
export const CLKTCK = 100;

/** What the stack is made from. */
export interface StackContents {
  /** First address above the stack, 16-byte aligned. */
  readonly top: number;
  readonly path: string;
  /** Text, or bytes without a zero. */
  readonly argv: readonly (string | Uint8Array)[];
  readonly env: readonly (string | Uint8Array)[];
  readonly entry: number;
  /** Program headers in memory; undefined where no segment loads them. */
  readonly phdr: number | undefined;
  readonly phent: number;
  readonly phnum: number;
  /** The 16 bytes AT_RANDOM points to. */
  readonly random: Uint8Array;
}

/** The bytes of an initial stack and where they go. */
export interface InitialStack {
  /** The first stack pointer, 16-byte aligned; the bytes begin here and end at `top`. */
  readonly sp: number;
  readonly bytes: Uint8Array;
}

const encoder = new TextEncoder();

/** Builds an initial stack; undefined = the strings exceed ARG_MAX (E2BIG). */
export function initialStack(c: StackContents): InitialStack | undefined {
  const strings = new StringArea(c.top - 8);
  const execfn = strings.add(c.path);
  const argv = c.argv.map((s) => strings.add(s));
  const env = c.env.map((s) => strings.add(s));
  if (strings.size > ARG_MAX) return undefined;
  const random = alignDown(strings.at - c.random.length, 16);
  const words = [c.argv.length, ...argv, 0, ...env, 0, ...auxv(c, random, execfn).flat()];
  const sp = alignDown(random - 8 * words.length, 16);

  const bytes = new Uint8Array(c.top - sp);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => view.setBigInt64(8 * i, BigInt(word), true));
  bytes.set(c.random, random - sp);
  for (const { at, text } of strings.all) bytes.set(text, at - sp);
  return { sp, bytes };
}

type AuxEntry = readonly [type: number, value: number];

function auxv(c: StackContents, random: number, execfn: number): readonly AuxEntry[] {
  const headers: readonly AuxEntry[] = c.phdr === undefined ? [] : [[AT_PHDR, c.phdr], [AT_PHENT, c.phent], [AT_PHNUM, c.phnum]];
  return [
    ...headers,
    [AT_PAGESZ, PAGESIZE], [AT_BASE, 0], [AT_FLAGS, 0], [AT_ENTRY, c.entry], [AT_UID, 0], [AT_EUID, 0], [AT_GID, 0], [AT_EGID, 0],
    [AT_SECURE, 0], [AT_HWCAP, HWCAP_IMAFDC], [AT_CLKTCK, CLKTCK], [AT_MINSIGSTKSZ, FRAME_SIZE], [AT_RANDOM, random], [AT_EXECFN, execfn],
    [AT_NULL, 0],
  ];
}

/** Strings laid out downwards from an address, each with its terminating zero. */
class StringArea {
  at: number;
  size = 0;
  readonly all: { readonly at: number; readonly text: Uint8Array }[] = [];

  constructor(top: number) {
    this.at = top;
  }

  /** Places a string and returns its address. */
  add(s: string | Uint8Array): number {
    const text = typeof s === 'string' ? encoder.encode(s) : s;
    this.at -= text.length + 1;
    this.size += text.length + 1;
    this.all.push({ at: this.at, text });
    return this.at;
  }
}
