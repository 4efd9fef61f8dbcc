/** Who a process is: getpid(2), getppid(2), gettid(2), the user and group numbers, set_tid_address(2), uname(2). */
import type { Kgen } from '../../kernel/index.js';
import type { Call, SyscallFamily } from './call.js';

/** Bytes of each of the six strings of struct utsname. */
const UTSNAME_LENGTH = 65;
/** sysname, nodename, release, version, machine, domainname. The release is what a C library compares with its minimum. */
const UTSNAME: readonly string[] = ['Linux', 'segdev', '6.1.0', '#1 segdev', 'riscv64', '(none)'];

function* uname(call: Call): Kgen<number> {
  const bytes = new Uint8Array(UTSNAME.length * UTSNAME_LENGTH);
  UTSNAME.forEach((text, i) => bytes.set(new TextEncoder().encode(text), i * UTSNAME_LENGTH));
  return yield* call.copyout(new DataView(bytes.buffer), call.number(0));
}

function setTidAddress(call: Call): number {
  call.proc.clearChildTid = call.number(0);
  return call.proc.pid;
}

const getpid = (call: Call): number => call.proc.pid;
/** There is one user: root. */
const root = (): number => 0;

export const identityCalls: SyscallFamily = {
  96: { name: 'set_tid_address', args: 1, handler: setTidAddress },
  160: { name: 'uname', args: 1, handler: uname },
  172: { name: 'getpid', args: 0, handler: getpid },
  173: { name: 'getppid', args: 0, handler: (call) => call.proc.parent?.pid ?? 0 },
  174: { name: 'getuid', args: 0, handler: root },
  175: { name: 'geteuid', args: 0, handler: root },
  176: { name: 'getgid', args: 0, handler: root },
  177: { name: 'getegid', args: 0, handler: root },
  178: { name: 'gettid', args: 0, handler: getpid },
};
