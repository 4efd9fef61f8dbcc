/** The memory a program starts in: its segments, its stack, the page signal handlers return through. */
import { E2BIG, ENOMEM, PAGESIZE, alignUp } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { PROT_EXEC, PROT_READ, PROT_USER, PROT_WRITE } from '../vm/index.js';
import type { ElfImage } from '../../guest/index.js';
import type { Place } from './fs/vnode.js';
import { initialStack } from './initial-stack.js';
import { STACK_BASE, STACK_SIZE, STACK_TOP, TRAMPOLINE } from './layout.js';
import { loadSegments } from './load-segments.js';
import { userMemory } from './lwp.js';
import { mapFile, mapZeros } from './map-anonymous.js';
import type { Mapped } from './map-anonymous.js';
import type { Heap } from './proc.js';
import type { System } from './system.js';

/** A program and what it is started with. */
export interface ExecRequest {
  readonly image: ElfImage;
  /** Name of the program: AT_EXECFN, and its last component the process's name. */
  readonly path: string;
  /** Text, or bytes as another program has passed them. */
  readonly argv: readonly (string | Uint8Array)[];
  readonly env: readonly (string | Uint8Array)[];
  /** The file it came from; undefined where that is none of the guest's. */
  readonly file?: Place;
}

/** What a filled address space begins with. */
export interface ProgramStart {
  /** The first stack pointer. */
  readonly sp: number;
  readonly heap: Heap;
}

/**
 * Loads a program into an empty address space.
 * @returns where it starts; or E2BIG (arguments too long), ENOMEM (the image does not fit memory, or collides with the stack).
 */
export function* fillMemory(system: System, memory: Mapped, request: ExecRequest): Kgen<ProgramStart | number> {
  const { image, path, argv, env } = request;
  const stack = initialStack({
    top: STACK_TOP, path, argv, env, entry: image.entry, phdr: image.headers.address, phent: image.headers.entrySize, phnum: image.headers.count,
    random: system.random(16),
  });
  if (stack === undefined) return E2BIG;
  const loadError = yield* loadSegments(memory, image.segments, path);
  if (loadError !== 0) return loadError;
  const prot = PROT_READ | PROT_WRITE | PROT_USER;
  const stackError = yield* mapZeros(memory, { base: STACK_BASE, size: STACK_SIZE, prot, name: '[stack]' });
  if (stackError !== 0) return stackError;
  if ((yield* userMemory(() => memory.as).copyout(stack.bytes, stack.sp)) !== 0) return ENOMEM;
  const page = system.trampoline(memory.as.vm);
  if (page === undefined) return ENOMEM;
  const code = { base: TRAMPOLINE, size: PAGESIZE, prot: PROT_READ | PROT_EXEC | PROT_USER, name: '[sigreturn]' };
  const codeError = yield* mapFile(memory, code, page);
  if (codeError !== 0) return codeError;
  const end = Math.max(...image.segments.map((segment) => alignUp(segment.address + segment.size, PAGESIZE)));
  return { sp: stack.sp, heap: { base: end, end } };
}
