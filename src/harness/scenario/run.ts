/** Runs a script of the scenario language and answers its trace. */
import { KernelPanic } from '../../base/index.js';
import type { Quirks, SegdevMode } from '../../segdev/index.js';
import { checkTranslations } from './check.js';
import { drain } from './drain.js';
import { ScenarioError } from './error.js';
import * as mapping from './mapping-operations.js';
import * as memory from './memory-operations.js';
import { Blocked, Scenario, ScenarioDeadlock, Skip } from './scenario.js';
import type { CheckOptions } from './world.js';
import { copy, dump, segmentOperations } from './segment-operations.js';
import * as setUp from './set-up-operations.js';
import { Line } from './words.js';
import { Wrong } from './wrong.js';

type Operation = (s: Scenario, line: Line) => string | undefined | void;

const operations: Readonly<Record<string, Operation>> = {
  option: setUp.option, fail: setUp.fail, device: setUp.makeDevice, reg: setUp.reg, chunk: setUp.chunk, cb: setUp.cb, set: setUp.set, space: setUp.space,
  umem_alloc: memory.umemAlloc, umem_free: memory.umemFree, umem_lock: memory.umemLock, pmem_alloc: memory.pmemAlloc,
  devmem_remap: memory.devmemRemap, umem_remap: memory.umemRemap, unload: memory.unload, load: memory.load, ctxtimeout: memory.ctxTimeout,
  noctx: memory.noCtx, tick: memory.tick,
  mmap: mapping.mmap, munmap: mapping.munmap, mprotect: mapping.mprotect, fault: mapping.fault, touch: mapping.touch,
  softlock: mapping.softlock, softunlock: mapping.softunlock, fork: mapping.fork, exit: mapping.exit,
  ...segmentOperations, copyfrom: copy(false), copyto: copy(true),
  dump: dump(true, true), segs: dump(true, false), pt: dump(false, true),
  leaks: (s, line) => {
    line.done();
    s.say(s.live());
  },
};

/** How a scenario ended. */
export type ScenarioEnd = 'ok' | 'assert' | 'panic' | 'deadlock' | 'crash' | 'hang' | 'stale' | 'leak';

/** What a scenario answers. */
export interface ScenarioResult {
  /** The trace, one line each without newline. */
  readonly lines: readonly string[];
  readonly end: ScenarioEnd;
  /** Exit status of the command: 0, or 3 panic, 4 assert, 5 deadlock, 6 crash, 7 hang; of a checked run also 8 stale, 9 leak. */
  readonly status: number;
}

/** How to run one. With `check`, page tables and the TLBs of two harts are compared with the mappings after every operation. */
export interface ScenarioRequest extends CheckOptions {
  /** Name for messages. */
  readonly file?: string;
  readonly mode?: SegdevMode;
  readonly quirks?: Partial<Quirks>;
  /** After the last line, end all softlocks and all spaces, so that whatever is alive then has leaked. */
  readonly drain?: boolean;
}

const STATUS: Readonly<Record<ScenarioEnd, number>> = { ok: 0, panic: 3, assert: 4, deadlock: 5, crash: 6, hang: 7, stale: 8, leak: 9 };

function step(s: Scenario, line: Line): void {
  const word = line.word('an operation');
  const operation = operations[word.text] ?? line.fail(`unknown operation ${word.text}`, word);
  s.say(`> ${line.text}`);
  try {
    const result = operation(s, line);
    if (typeof result === 'string') s.say(`= ${result}`);
  } catch (error) {
    if (error instanceof Blocked) s.say('= BLOCKED');
    else if (error instanceof Skip) s.say(`= skip ${error.why}`);
    else throw error;
  }
  if (s.started) s.learnHandles();
}

/** What an error of a step says about the kernel; others are thrown on. */
function ending(error: unknown): { end: ScenarioEnd; line: string } {
  if (error instanceof ScenarioDeadlock) return { end: 'deadlock', line: `DEADLOCK ${error.message.replaceAll('\n', ' ')}` };
  if (error instanceof Wrong) return { end: error.end, line: `${error.end.toUpperCase()} ${error.message}` };
  if (!(error instanceof KernelPanic)) throw error;
  const { kind, message } = error;
  const text = { assert: `ASSERT-FAILED ${message}`, panic: `PANIC ${message}`, crash: 'CRASH SIGSEGV', hang: `HANG ${message}` }[kind];
  return { end: kind, line: text };
}

/**
 * Runs a script.
 * @throws ScenarioError where a line cannot be understood
 */
export function runScenario(source: string, request: ScenarioRequest = {}): ScenarioResult {
  const file = request.file ?? 'scenario';
  const s = new Scenario(request.mode ?? 'fixed', request.quirks ?? {}, request);
  let end: ScenarioEnd = 'ok';
  const out: string[] = [];
  try {
    for (const [index, text] of source.split('\n').entries()) {
      const line = new Line(file, index + 1, text);
      if (line.empty) continue;
      step(s, line);
      if (request.check === true && s.started) checkTranslations(s.world);
    }
    if (request.drain === true) drain(s);
  } catch (error) {
    if (error instanceof ScenarioError) throw error;
    const what = ending(error);
    end = what.end;
    out.push(what.line);
  }
  return { lines: [...s.lines, ...out, `end ${end}`, s.live()], end, status: STATUS[end] };
}
