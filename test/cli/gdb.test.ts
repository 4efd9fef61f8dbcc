/** `--gdb` as a user meets it: a socket, one line, exit codes; and gdb-multiarch itself where it is installed. */
import { execFile, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../guest/index.js';
import { frame } from '../debug/client.js';
import { toolVersion, whereInstalled } from '../tools.js';
import { mistake, prepareCli, scratch, segdev, startSegdev } from './run-cli.js';

prepareCli();

/** counter = 6 + 5 + ... + 1 in a function called once a round; then exit(counter). */
const SUM = `
        .globl _start, accumulate, counter
_start: li s0, 6
loop:   mv a0, s0
        call accumulate
        addi s0, s0, -1
        bnez s0, loop
        la t0, counter
        lw a0, 0(t0)
        li a7, 93
        ecall
accumulate:
        la t0, counter
        lw t1, 0(t0)
        add t1, t1, a0
        sw t1, 0(t0)
        ret
        .data
counter: .word 0
`;
const program = join(scratch, 'sum.elf');
writeFileSync(program, assemble(SUM).elf);
const spin = join(scratch, 'spin-gdb.elf');
writeFileSync(spin, assemble('.globl _start\n_start: j _start\n').elf);

interface Waiting {
  readonly child: ChildProcess;
  readonly port: number;
  /** What standard error says, whenever it is asked. */
  readonly stderr: () => string;
  readonly exit: Promise<number | null>;
}

/** Starts a guest under --gdb 0 and waits for the line that names the port. */
async function waiting(...args: string[]): Promise<Waiting> {
  const child = startSegdev('run', ...args, '--gdb', '0');
  let text = '';
  const exit = once(child, 'close').then(([code]) => code as number | null);
  const port = await new Promise<number>((resolve, reject) => {
    child.stderr?.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      const named = /^segdev: waiting for a debugger: target remote 127\.0\.0\.1:(\d+)$/m.exec(text);
      if (named !== null) resolve(Number(named[1]));
    });
    void exit.then((code) => reject(new Error(`exit ${code}: ${text}`)));
  });
  return { child, port, stderr: () => text, exit };
}

/** Sends packets one after the other; each waits for the answer to the one before. */
async function converse(socket: Socket, ...payloads: string[]): Promise<string[]> {
  const answers: string[] = [];
  let text = '';
  for (const payload of payloads) {
    const answered = new Promise<void>((resolve) => {
      socket.on('data', function listen(bytes: Buffer) {
        text += bytes.toString('latin1');
        const found = /\$([^#]*)#[0-9a-f]{2}/.exec(text);
        if (found === null) return;
        answers.push(found[1]!);
        text = '';
        socket.off('data', listen);
        resolve();
      });
    });
    socket.write(frame(payload));
    await answered;
  }
  return answers;
}

async function client(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

describe('segdev run --gdb', () => {
  it("waits, serves, and ends with the guest's exit code", async () => {
    const guest = await waiting(program, '--quiet');
    const socket = await client(guest.port);
    const [stop, threads, end] = await converse(socket, '?', 'qfThreadInfo', 'vCont;c');
    expect(stop).toMatch(/^T05thread:1;/);
    expect([threads, end]).toEqual(['m1', 'W15']);
    expect(await guest.exit).toBe(21);
  });

  it('hears an interrupt while the guest runs, and ends with 137 when it is killed', async () => {
    const guest = await waiting(spin);
    const socket = await client(guest.port);
    const stopped = converse(socket, 'vCont;c');
    socket.write('\u0003');
    expect((await stopped)[0]).toMatch(/^T02/);
    socket.write(frame('k'));
    expect(await guest.exit).toBe(137);
    expect(guest.stderr()).toContain('segdev: killed by the debugger');
  });

  it('lets the guest go on when the debugger detaches or its connection breaks', async () => {
    const detached = await waiting(program, '--quiet');
    expect(await converse(await client(detached.port), 'D')).toEqual(['OK']);
    expect(await detached.exit).toBe(21);
    const broken = await waiting(program, '--quiet');
    const socket = await client(broken.port);
    socket.write('garbage $?#00');
    socket.destroy();
    expect(await broken.exit).toBe(21);
  });

  it('a bad or taken port is one line and exit code 2', async () => {
    expect(await mistake('run', program, '--gdb', 'x')).toMatchObject({ code: 2, stderr: 'segdev: --gdb must be a number from 0 to 65535, not "x"\n' });
    expect((await mistake('run', program, '--gdb', '65536')).code).toBe(2);
    expect((await mistake('run', program, '--gdb', '-1')).code).toBe(2);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { code, stderr } = segdev('run', program, '--gdb', String((server.address() as AddressInfo).port));
    server.close();
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^segdev: --gdb: cannot listen on port \d+: EADDRINUSE\n$/)]);
  });
});

/** Runs gdb on a waiting guest with a command an element, and returns what it prints. */
async function gdb(port: number, file: string, ...commands: string[]): Promise<string> {
  const all = ['set confirm off', 'set width 0', `file ${file}`, `target remote 127.0.0.1:${port}`, ...commands];
  const { stdout, stderr } = await promisify(execFile)('gdb-multiarch', ['-q', '-nx', '-batch', ...all.flatMap((command) => ['-ex', command])], { timeout: 60_000 });
  return stdout + stderr;
}

/** A program with symbols, lines and floating point, and no library. */
const C_SOURCE = `
volatile int counter;
double scale = 1.5;
static void leave(int code) {
  register long a0 asm("a0") = code, a7 asm("a7") = 94;
  asm volatile("ecall" : : "r"(a0), "r"(a7));
}
double area(double r) { return r * r * scale; }
int factorial(int n) {
  if (n < 2) return 1;
  return n * factorial(n - 1);
}
void _start(void) {
  counter = factorial(4);
  counter += (int)area(2.0);
  leave(counter);
}
`;

const gdbVersion = toolVersion('gdb-multiarch');
const gccVersion = toolVersion('riscv64-linux-gnu-gcc');
whereInstalled(gdbVersion !== undefined && gccVersion !== undefined, 'debugging C with gdb-multiarch: it or riscv64-linux-gnu-gcc is not installed', () => {
  describe('gdb-multiarch and a C program', () => {
    it('shows lines, frames, variables and floating point, changes them, and watches by hardware', { timeout: 60_000 }, async () => {
      const source = join(scratch, 'maths.c');
      const elf = join(scratch, 'maths');
      writeFileSync(source, C_SOURCE);
      await promisify(execFile)('riscv64-linux-gnu-gcc', ['-g', '-O0', '-static', '-nostdlib', '-ffreestanding', '-Wl,--no-relax', source, '-o', elf]);
      const guest = await waiting(elf, '--quiet');
      const said = await gdb(
        guest.port, elf, 'break factorial if n == 2', 'continue', 'backtrace', 'print n', 'up', 'print n', 'delete', 'watch counter', 'continue', 'break area', 'continue',
        'print r', 'printf "fa0 is %g\\n", $fa0.double', 'set var scale = 2.5', 'finish', 'print $fcsr', 'print $frm', 'delete', 'continue',
      );
      expect(said).toMatch(/Breakpoint 1, factorial \(n=2\)/);
      expect(said).toMatch(/#0 +factorial \(n=2\)[^]*#1 [^]*factorial \(n=3\)[^]*#2 [^]*factorial \(n=4\)[^]*#3 [^]*_start/);
      expect(said).toMatch(/\$1 = 2\n[^]*\$2 = 3\n/);
      expect(said).toMatch(/Hardware watchpoint 2: counter\n\nOld value = 0\nNew value = 24/);
      expect(said).toMatch(/\$3 = 2\n/);
      expect(said).toContain('fa0 is 2');
      expect(said).toMatch(/Value returned is \$\d+ = 10\n/);
      expect(said).not.toContain('Invalid hex digit');
      expect(await guest.exit).toBe(24 + 10);
    });
  });
});

whereInstalled(gdbVersion !== undefined, 'debugging with gdb-multiarch, which is not installed', () => {
  describe('gdb-multiarch', () => {
    it('breaks at a symbol, steps, watches a variable, reads and writes, and follows the guest to its end', { timeout: 60_000 }, async () => {
      const guest = await waiting(program, '--quiet');
      const said = await gdb(
        guest.port, program, 'info threads', 'break *accumulate', 'continue', 'printf "a0 is %d\\n", $a0', 'backtrace 1', 'stepi', 'x/i $pc', 'delete',
        'watch *(int *) &counter', 'continue', 'continue', 'printf "counter is %d\\n", *(int *) &counter', 'set var *(int *) &counter = 1000', 'delete',
        'rwatch *(int *) &counter', 'continue', 'delete', 'info registers pc', 'print $fcsr', 'monitor mappings', 'monitor nonsense', 'continue',
      );
      expect(said).toContain('Thread 1.1 (sum.elf');
      expect(said).toMatch(/Breakpoint 1, 0x[0-9a-f]+ in accumulate \(\)/);
      expect(said).toContain('a0 is 6');
      expect(said).toMatch(/#0 +0x[0-9a-f]+ in accumulate/);
      expect(said).toMatch(/Old value = 0\nNew value = 6/);
      expect(said).toMatch(/Old value = 6\nNew value = 11/);
      expect(said).toContain('counter is 11');
      expect(said).toMatch(/Hardware read watchpoint \d: \*\(int \*\) &counter\n\nValue = 1000/);
      expect(said).toMatch(/r-xp .*sum\.elf/);
      expect(said).toContain('no monitor command "nonsense"');
      // 1000 + 4 + 3 + 2 + 1, of which exit(2) keeps the low 8 bits; gdb prints octal.
      expect(said).toMatch(/exited with code 0?362\]/);
      expect(await guest.exit).toBe(1010 & 255);
    });
  });
});
