/** All system calls this kernel knows, by number. */
import type { Syscall } from './call.js';
import { changeCalls } from './change.js';
import { cloneCalls } from './clone.js';
import { directoryCalls } from './directories.js';
import { executeCalls } from './execute.js';
import { fileCalls } from './files.js';
import { futexCalls } from './futex.js';
import { identityCalls } from './identity.js';
import { killCalls } from './kill.js';
import { memoryCalls } from './memory.js';
import { memoryControlCalls } from './memory-control.js';
import { nameCalls } from './names.js';
import { pipeCalls } from './pipes.js';
import { pollCalls } from './poll.js';
import { processCalls } from './processes.js';
import { readWriteCalls } from './read-write.js';
import { resourceCalls } from './resources.js';
import { signalCalls } from './signals.js';
import { statCalls } from './stat.js';
import { timeCalls } from './time.js';
import { timerCalls } from './timers.js';

const families = [
  changeCalls, cloneCalls, directoryCalls, executeCalls, fileCalls, futexCalls, identityCalls, killCalls, memoryCalls, memoryControlCalls, nameCalls,
  pipeCalls, pollCalls, processCalls,
  readWriteCalls, resourceCalls, signalCalls, statCalls, timeCalls, timerCalls,
];

/** The system call table; what is not in it answers ENOSYS. */
export const syscallTable: ReadonlyMap<number, Syscall> = joined();

function joined(): Map<number, Syscall> {
  const table = new Map<number, Syscall>();
  for (const family of families) for (const [number, call] of Object.entries(family)) table.set(Number(number), call);
  return table;
}
