/**
 * Who a process is: numbers of processes, threads, groups and sessions, users (there is one: root), names, uname(2), and the machine it
 * runs on.
 */
import { EFAULT, EINVAL, ENOSYS, EPERM, ESRCH } from '../../base/index.js';
import { preempt } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import type { Proc } from '../proc.js';
import type { Call, SyscallFamily } from './call.js';

/** Bytes of each of the six strings of struct utsname. */
const UTSNAME_LENGTH = 65;
/** sysname, nodename, release, version, machine, domainname. The release is what a C library compares with its minimum. */
const UTSNAME: readonly string[] = ['Linux', 'segdev', '6.1.0', '#1 segdev', 'riscv64', '(none)'];
/** Random bytes made at a time. */
const CHUNK = 4096;

function* uname(call: Call): Kgen<number> {
  const bytes = new Uint8Array(UTSNAME.length * UTSNAME_LENGTH);
  UTSNAME.forEach((text, i) => bytes.set(new TextEncoder().encode(text), i * UTSNAME_LENGTH));
  return yield* call.copyout(new DataView(bytes.buffer), call.number(0));
}

function setTidAddress(call: Call): number {
  call.lwp.clearChildTid = call.number(0);
  return call.lwp.tid;
}

/** The process argument 0 names; 0 is the caller. */
const named = (call: Call): Proc | undefined => (call.int(0) === 0 ? call.proc : call.system.procs.get(call.int(0)));

/** setpgid(pid, pgid): the caller or a child of its that has not replaced its program yet, into a group of the session or a new one. */
function setpgid(call: Call): number {
  const proc = named(call);
  if (call.int(1) < 0) return -EINVAL;
  if (proc === undefined || (proc !== call.proc && proc.parent !== call.proc)) return -ESRCH;
  const pgid = call.int(1) === 0 ? proc.pid : call.int(1);
  if (proc.sid === proc.pid || proc.sid !== call.proc.sid || (proc !== call.proc && proc.execed)) return -EPERM;
  const inSession = (other: Proc): boolean => other.pgid === pgid && other.sid === proc.sid;
  if (pgid !== proc.pid && ![...call.system.procs.values()].some(inSession)) return -EPERM;
  proc.pgid = pgid;
  return 0;
}

/** setsid(2): EPERM for the leader of a group. */
function setsid(call: Call): number {
  const { proc } = call;
  if ([...call.system.procs.values()].some((other) => other.pgid === proc.pid)) return -EPERM;
  proc.sid = proc.pid;
  proc.pgid = proc.pid;
  return proc.pid;
}

/** There is one user: root. */
const root = (): number => 0;
/** Setting user or group numbers: the argument may be 0, or -1 where that means "as it is"; there are no others. */
const setRoot = (count: number, keep: boolean) => (call: Call): number => {
  const numbers = Array.from({ length: count }, (_, i) => call.int(i));
  return numbers.every((n) => n === 0 || (keep && n === -1)) ? 0 : -EPERM;
};

/** getresuid(2), getresgid(2): three zeros. */
function* threeRoots(call: Call): Kgen<number> {
  for (let i = 0; i < 3; i++) if ((yield* call.copyout(new DataView(new ArrayBuffer(4)), call.number(i))) !== 0) return -EFAULT;
  return 0;
}

/** getrandom(buf, length, flags): bytes that look random and are the same in every run with the same seed. */
function* getrandom(call: Call): Kgen<number> {
  const [to, length] = [call.number(0), Math.min(call.size(1), 0x7fff_ffff)];
  if (call.uint(2) > 7) return -EINVAL;
  for (let done = 0; done < length; done += CHUNK) {
    const bytes = call.system.random(Math.min(CHUNK, length - done));
    if ((yield* call.copyout(new DataView(bytes.buffer), to + done)) !== 0) return done > 0 ? done : -EFAULT;
    yield* preempt();
  }
  return length;
}

/** getcpu(cpu, node): the hart; there is one node. */
function* getcpu(call: Call): Kgen<number> {
  const view = new DataView(new ArrayBuffer(4));
  if (call.number(1) !== 0 && (yield* call.copyout(view, call.number(1))) !== 0) return -EFAULT;
  view.setUint32(0, call.lwp.lastCpu?.hart.id ?? 0, true);
  return call.number(0) === 0 ? 0 : yield* call.copyout(view, call.number(0));
}

/** riscv_flush_icache(start, end, flags): what has been stored can be executed, by every hart. */
function flushIcache(call: Call): number {
  if (call.uint(2) > 1) return -EINVAL;
  for (const { hart } of call.system.cpus.cpus) hart.fenceI();
  return 0;
}

/** membarrier(2): one instruction happens after the other on all harts, so every command is done already. MEMBARRIER_CMD_QUERY says which. */
function membarrier(call: Call): number {
  const commands = 0x7f;
  const cmd = call.int(0);
  if (call.uint(1) !== 0) return -EINVAL;
  return cmd === 0 ? commands : (cmd & commands) === cmd && (cmd & (cmd - 1)) === 0 ? 0 : -EINVAL;
}

const nothing = (): number => 0;
/** Calls a C library tries and does without. */
const missing = (): number => -ENOSYS;

/** Calls that say who a process is and what it runs on, by their Linux RV64 numbers. */
export const identityCalls: SyscallFamily = {
  92: { name: 'personality', args: 1, handler: nothing },
  96: { name: 'set_tid_address', args: 1, handler: setTidAddress },
  143: { name: 'setregid', args: 2, handler: setRoot(2, true) },
  144: { name: 'setgid', args: 1, handler: setRoot(1, false) },
  145: { name: 'setreuid', args: 2, handler: setRoot(2, true) },
  146: { name: 'setuid', args: 1, handler: setRoot(1, false) },
  147: { name: 'setresuid', args: 3, handler: setRoot(3, true) },
  148: { name: 'getresuid', args: 3, handler: threeRoots },
  149: { name: 'setresgid', args: 3, handler: setRoot(3, true) },
  150: { name: 'getresgid', args: 3, handler: threeRoots },
  151: { name: 'setfsuid', args: 1, handler: root },
  152: { name: 'setfsgid', args: 1, handler: root },
  154: { name: 'setpgid', args: 2, handler: setpgid },
  155: { name: 'getpgid', args: 1, handler: (call) => named(call)?.pgid ?? -ESRCH },
  156: { name: 'getsid', args: 1, handler: (call) => named(call)?.sid ?? -ESRCH },
  157: { name: 'setsid', args: 0, handler: setsid },
  158: { name: 'getgroups', args: 2, handler: (call) => (call.int(0) < 0 ? -EINVAL : 0) },
  159: { name: 'setgroups', args: 2, handler: (call) => (call.int(0) === 0 ? 0 : -EPERM) },
  160: { name: 'uname', args: 1, handler: uname },
  168: { name: 'getcpu', args: 3, handler: getcpu },
  172: { name: 'getpid', args: 0, handler: (call) => call.proc.pid },
  173: { name: 'getppid', args: 0, handler: (call) => call.proc.parent?.pid ?? 0 },
  174: { name: 'getuid', args: 0, handler: root },
  175: { name: 'geteuid', args: 0, handler: root },
  176: { name: 'getgid', args: 0, handler: root },
  177: { name: 'getegid', args: 0, handler: root },
  178: { name: 'gettid', args: 0, handler: (call) => call.lwp.tid },
  258: { name: 'riscv_hwprobe', args: 5, handler: missing },
  259: { name: 'riscv_flush_icache', args: 3, handler: flushIcache },
  278: { name: 'getrandom', args: 3, handler: getrandom },
  283: { name: 'membarrier', args: 3, handler: membarrier },
  293: { name: 'rseq', args: 4, handler: missing },
};
