/** Loading a program: its segments, its stack, the page signal handlers return through. */
import { E2BIG, ENOMEM, PAGESIZE, alignUp } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { PROT_EXEC, PROT_READ, PROT_USER, PROT_WRITE } from '../vm/index.js';
import type { ElfImage } from '../../guest/index.js';
import type { Place } from './fs/vnode.js';
import { initialStack } from './initial-stack.js';
import { STACK_BASE, STACK_SIZE, STACK_TOP, TRAMPOLINE } from './layout.js';
import type { Lwp } from './lwp.js';
import { loadSegments } from './load-segments.js';
import { mapFile, mapZeros } from './map-anonymous.js';
import type { System } from './system.js';

const SP = 2;

/** A program and what it is started with. */
export interface ExecRequest {
  readonly image: ElfImage;
  /** Name of the program: argv[0]'s file, AT_EXECFN, the process's name. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** The file it came from; undefined where that is none of the guest's. */
  readonly file?: Place;
}

/**
 * Loads a program into the empty address space of `lwp` and sets its registers to the program's start.
 * @returns 0, E2BIG (arguments too long), or ENOMEM (the image does not fit memory, or collides with the stack).
 */
export function* execImage(system: System, lwp: Lwp, request: ExecRequest): Kgen<number> {
  const { proc } = lwp;
  const { image } = request;
  const random = system.random(16);
  const stack = initialStack({
    top: STACK_TOP, path: request.path, argv: request.argv, env: request.env, entry: image.entry,
    phdr: image.headers.address, phent: image.headers.entrySize, phnum: image.headers.count, random,
  });
  if (stack === undefined) return E2BIG;
  const loadError = yield* loadSegments(proc, image.segments, request.path);
  if (loadError !== 0) return loadError;
  const heap = Math.max(...image.segments.map((segment) => alignUp(segment.address + segment.size, PAGESIZE)));
  const prot = PROT_READ | PROT_WRITE | PROT_USER;
  const stackError = yield* mapZeros(proc, { base: STACK_BASE, size: STACK_SIZE, prot, name: '[stack]' });
  if (stackError !== 0) return stackError;
  if ((yield* lwp.userMemory.copyout(stack.bytes, stack.sp)) !== 0) return ENOMEM;
  const codeProt = PROT_READ | PROT_EXEC | PROT_USER;
  const page = system.trampoline(proc.as.vm);
  if (page === undefined) return ENOMEM;
  const codeError = yield* mapFile(proc, { base: TRAMPOLINE, size: PAGESIZE, prot: codeProt, name: '[sigreturn]' }, page);
  if (codeError !== 0) return codeError;

  proc.image = image;
  proc.exe = request.file;
  proc.argv = request.argv;
  proc.heap = { base: heap, end: heap };
  for (let n = 1; n < 32; n++) lwp.setX(n, 0n);
  lwp.setX(SP, BigInt(stack.sp));
  lwp.pc = image.entry;
  if (system.trace.on) system.trace.emit('guest.exec', { pid: proc.pid, path: request.path, entry: image.entry });
  return 0;
}
