import { describe, expect, it } from 'vitest';
import { Trace, traceText } from '../../src/base/index.js';
import { createMachine } from '../../src/machine/index.js';
import type { DeviceConfig } from '../../src/machine/index.js';
import { D_MP, devmap_devmem_setup, DDI_DEVICE_ATTR_V0, DDI_STRICTORDER_ACC, DDI_STRUCTURE_LE_ACC, DEVMAP_DEFAULTS, DEVMAP_OPS_REV, D_DEVMAP, PROT_ALL, ddi_devmap_segmap } from '../../src/sunddi.js';
import { assemble } from '../../guest/index.js';
import { Guest, LINUX } from './guest-program.js';
import type { Finished } from './guest-program.js';
import { MemoryFiles } from './memory-files.js';
import type { Layout } from './memory-files.js';

/** Prints its arguments and its environment, each with a bar behind it, and exits with the number of arguments. */
const SHOW = assemble(`_start: ld s1, 0(sp)
  addi s2, sp, 8
  li s3, 2
words: ld a1, 0(s2)
  addi s2, s2, 8
  bnez a1, word
  addi s3, s3, -1
  bnez s3, words
  mv a0, s1
  li a7, 94
  ecall
word: mv t0, a1
1: lbu t1, 0(t0)
  addi t0, t0, 1
  bnez t1, 1b
  li t1, 124
  sb t1, -1(t0)
  sub a2, t0, a1
  li a0, 1
  li a7, 64
  ecall
  j words
`).elf;
/** Exits with what its code says of the state a program starts with: 0 when all is as it should be. */
const program = (body: string): Uint8Array => assemble(`_start:\n${body}\nli a0, 0\nli a7, 94\necall\nbad: li a0, 1\nli a7, 94\necall\n.data\n.balign 16\nbuffer: .zero 256`).elf;

const strings = (label: string, ...words: readonly string[]): string =>
  `${words.map((word, i) => `${label}${i}: .asciz "${word}"`).join('\n')}\n.balign 8\n${label}: ${words.map((_, i) => `.dword ${label}${i}`).join('\n')}\n.dword 0`;

/** Runs `path` with two arguments and a variable in the place of a guest. */
function exec(path: string, layout: Layout, before: (g: Guest) => Guest = (g) => g): Finished {
  const g = before(new Guest().data(`${strings('argv', 'zero', 'one two')}\n${strings('env', 'K=v')}\npath: .asciz "${path}"`));
  return g.sys('execve', '&path', '&argv', '&env').asm('neg a0, a0\nli a7, 94\necall').run({ root: { files: new MemoryFiles(layout) } });
}
const exited = (code: number): unknown => ({ status: 'exited', code });

describe('execve', () => {
  it('hands arguments and environment to the new program, and begins with nothing else', () => {
    const { result, stdout, trace } = exec('/bin/show', { bin: { show: SHOW } });
    expect([result, stdout]).toEqual([exited(2), 'zero|one two|K=v|']);
    expect(trace.filter((line) => line.startsWith('guest.exec')).length).toBe(2);
  });

  it('takes null pointers for no arguments and no environment; a program always has an argument', () => {
    const g = new Guest().data('path: .asciz "show"').sys('execve', '&path', 0, 0);
    const { result, stdout } = g.run({ root: { files: new MemoryFiles({ show: SHOW }) } });
    expect([result, stdout]).toEqual([exited(1), '|']);
  });

  it('keeps bytes that are no text as they are', () => {
    const g = new Guest().data('path: .asciz "show"\nword: .byte 0xff, 0x80, 0\n.balign 8\nargv: .dword word, 0').sys('execve', '&path', '&argv', 0);
    const out: number[] = [];
    const { result } = g.run({ root: { files: new MemoryFiles({ show: SHOW }) }, stdout: (bytes) => out.push(...bytes) });
    expect([result, out]).toEqual([exited(1), [0xff, 0x80, 0x7c]]);
  });

  it.each([
    ['/absent', LINUX.ENOENT], ['/bin', LINUX.EACCES], ['/text', LINUX.ENOEXEC], ['/text/x', LINUX.ENOTDIR], ['/dev/null', LINUX.EACCES], ['/empty', LINUX.ENOEXEC],
    ['/x86', LINUX.ENOEXEC], ['/dynamic', LINUX.ELIBBAD], ['/loop', LINUX.ELOOP], ['/round', LINUX.ELOOP], ['/lost', LINUX.ENOENT], ['/nobody', LINUX.ENOEXEC], ['', LINUX.ENOENT],
  ])('answers for %s', (path, error) => {
    const x86 = SHOW.slice();
    x86[18] = 62;
    const dynamic = SHOW.slice();
    dynamic[64] = 3;
    const { result, machine } = exec(path, {
      bin: {}, text: 'echo hello', empty: '', x86, dynamic, loop: '->loop', round: '#!/round', lost: '#!/absent -x', nobody: '#! \n',
    });
    expect(result).toEqual(exited(-error & 0xff));
    expect(machine.statistics().notes.length).toBe(['/text', '/empty', '/x86', '/dynamic', '/lost'].includes(path) ? 1 : 0);
  });

  it('leaves the old program as it was when the new one does not fit memory', () => {
    const huge = assemble('_start: nop\n.data\n.word 1\n.bss\n.zero 16').elf.slice();
    new DataView(huge.buffer).setBigUint64(64 + 56 + 40, 0x3f_ffe0_0000n, true);
    const { result } = exec('/huge', { huge });
    expect(result).toEqual(exited(-LINUX.ENOMEM));
  });

  it('refuses wrong pointers and too many arguments', () => {
    const big = `big: .zero 0\n.balign 8\nlong: ${Array.from({ length: 17 }, () => '.dword page').join('\n')}\n.dword 0\npage: .fill 131071, 1, 120\n.byte 0\nlongest: .fill 131072, 1, 120\n.byte 0\n.balign 8\nargv: .dword longest, 0\nbad: .dword 8, 0\npath: .asciz "show"`;
    const g = new Guest().data(big).sys('execve', 8, 0, 0).expect(LINUX.EFAULT).sys('execve', '&path', 8, 0).expect(LINUX.EFAULT).sys('execve', '&path', 0, '&bad').expect(LINUX.EFAULT);
    g.sys('execve', '&path', '&argv', 0).expect(LINUX.E2BIG).sys('execve', '&path', '&long', 0).expect(LINUX.E2BIG).sys('execve', '&path', 0, -1).expect(LINUX.EFAULT);
    g.passes({ root: { files: new MemoryFiles({ show: SHOW }) } });
  });

  it('runs scripts through their interpreter, with its one argument, and scripts of scripts', () => {
    expect(exec('/s', { s: '#!/show\nrest', show: SHOW }).stdout).toBe('/show|/s|one two|K=v|');
    expect(exec('/s', { s: '#!  /show \t -a  b \nrest', show: SHOW }).stdout).toBe('/show|-a  b|/s|one two|K=v|');
    expect(exec('/s', { s: '#!/t x', t: '#!/show y', show: SHOW }).stdout).toBe('/show|y|/t|x|/s|one two|K=v|');
  });

  it('resets handlers and the alternate stack, keeps what is ignored and what is blocked', () => {
    const check = program(`li a0, 10
      li a1, 0
      la a2, buffer
      li a3, 8
      li a7, 134
      ecall
      la t0, buffer
      ld t1, 0(t0)
      bnez t1, bad
      li a0, 12
      li a1, 0
      la a2, buffer
      li a7, 134
      ecall
      ld t1, buffer
      li t2, 1
      bne t1, t2, bad
      li a0, 0
      li a1, 0
      la a2, buffer
      li a3, 8
      li a7, 135
      ecall
      ld t1, buffer
      li t2, 0x2000
      bne t1, t2, bad`.replaceAll('ld t1, buffer', 'la t0, buffer\nld t1, 0(t0)'));
    const { result } = exec('/check', { check }, (g) =>
      g.data('.balign 8\nhandler: .dword 0x10000, 0, 0\nignore: .dword 1, 0, 0\nset: .dword 0x2000')
        .sys('rt_sigaction', 10, '&handler', 0, 8).sys('rt_sigaction', 12, '&ignore', 0, 8).sys('rt_sigprocmask', 2, '&set', 0, 8));
    expect(result).toEqual(exited(0));
  });

  it('closes the descriptors that ask for it, and no others', () => {
    const check = program('li a0, 3\nli a1, 1\nli a7, 25\necall\nli t0, -9\nbne a0, t0, bad\nli a0, 4\nli a1, 1\nli a7, 25\necall\nbnez a0, bad');
    const { result } = exec('/check', { check }, (g) => g.data('null: .asciz "/dev/null"').sys('openat', -100, '&null', 0x80000, 0).expect(3).sys('openat', -100, '&null', 0, 0).expect(4));
    expect(result).toEqual(exited(0));
  });

  it('unmaps devices through their drivers before the new program runs', () => {
    const calls: string[] = [];
    const accattr = { devacc_attr_version: DDI_DEVICE_ATTR_V0, devacc_attr_endian_flags: DDI_STRUCTURE_LE_ACC, devacc_attr_dataorder: DDI_STRICTORDER_ACC };
    const device: DeviceConfig = {
      path: 'dut', hardware: { name: 'dut', ranges: [{ kind: 'memory', name: 'm', size: 4096 }] },
      driver: {
        name: 'dut',
        cb_ops: {
          flag: D_MP | D_DEVMAP, segmap: ddi_devmap_segmap,
          devmap: (dev, dhp, off, len, maplen) => {
            maplen.value = len;
            const ops = { devmap_rev: DEVMAP_OPS_REV, unmap: (): void => void calls.push('unmap') };
            return devmap_devmem_setup(dhp, dev.dip, ops, 0, off, len, PROT_ALL, DEVMAP_DEFAULTS, accattr);
          },
        },
      },
    };
    const g = new Guest().data('path: .asciz "show"\ndut: .asciz "/dev/dut"').sys('openat', -100, '&dut', 2, 0).expect(3).sys('mmap', 0, 4096, 3, 1, 3, 0).asm('sd zero, 0(a0)').sys('execve', '&path', 0, 0);
    const { result, trace } = g.run({ root: { files: new MemoryFiles({ show: SHOW }) }, devices: [device] });
    expect([result, calls]).toEqual([exited(1), ['unmap']]);
    const started = trace.findLastIndex((line) => line.startsWith('guest.exec'));
    expect(trace.slice(0, started).some((line) => line.startsWith('seg_free as=test[1]'))).toBe(true);
  });

  it('gives memory back: a program that runs itself again and again does not grow', () => {
    const trace = new Trace();
    let execs = 0;
    trace.listen((event) => (execs += traceText(event).startsWith('guest.exec') ? 1 : 0));
    const again = program('la a0, buffer\nld t0, 0(sp)\nli t1, 0x656d\nla a0, buffer\nsd t1, 0(a0)\nmv a1, a0\nli a1, 0\nli a2, 0\nli a7, 221\necall\nj bad');
    const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, trace, root: { files: new MemoryFiles({ me: again }) } });
    machine.spawn(again, ['me']);
    machine.run({ maxInstructions: 300 });
    const used = machine.vm.pages.used;
    expect(machine.run({ maxInstructions: 1500 }).status).toBe('limit');
    expect(execs).toBeGreaterThan(60);
    expect(Math.abs(machine.vm.pages.used - used)).toBeLessThan(20);
  });
});

describe('execveat', () => {
  it('runs an open file with AT_EMPTY_PATH, a name below a directory, and refuses links and unknown flags where asked to', () => {
    const files = (): MemoryFiles => new MemoryFiles({ d: { show: SHOW, link: '->show' } });
    const start = (): Guest => new Guest().data('d: .asciz "d"\nshow: .asciz "show"\nlink: .asciz "link"\nempty: .asciz ""\nfile: .asciz "d/show"');
    const named = start().sys('openat', -100, '&d', 0, 0).expect(3).sys('execveat', 3, '&link', 0, 0, 0x100).expect(LINUX.ELOOP).sys('execveat', 3, '&link', 0, 0, 1).expect(LINUX.EINVAL).sys('execveat', 9, '&show', 0, 0, 0).expect(LINUX.EBADF);
    expect(named.sys('execveat', 3, '&link', 0, 0, 0).run({ root: { files: files() } }).result).toEqual(exited(1));
    const open = start().sys('openat', -100, '&file', 0, 0).expect(3).sys('execveat', 3, '&empty', 0, 0, 0).expect(LINUX.ENOENT).sys('execveat', 3, '&empty', 0, 0, 0x1000);
    expect(open.run({ root: { files: files() } }).result).toEqual(exited(1));
  });
});

describe('vfork', () => {
  const root = { root: { files: new MemoryFiles({ show: SHOW }) } };
  const VFORK = 0x4000 | 0x100 | 17;

  it('lets the child use its parent\'s memory and the parent sleep until the child has another program', () => {
    const g = new Guest().data('path: .asciz "show"\nx: .dword 1\nstatus: .word 0').sys('clone', VFORK, 0, 0, 0, 0).asm('bnez a0, parent\nla t0, x\nli t1, 2\nsd t1, 0(t0)\nli t2, 300000\n2: addi t2, t2, -1\nbnez t2, 2b');
    g.sys('execve', '&path', 0, 0).asm('parent:').expect(2).expectAt('x', 2).sys('wait4', -1, '&status', 0, 0).expect(2).expectAt('status', 1 << 8, 4).passes(root);
  });

  it('or until the child has ended; a failed execve is no end', () => {
    const g = new Guest().data('path: .asciz "absent"\nx: .dword 1\nstatus: .word 0').sys('clone', VFORK, 0, 0, 0, 0).asm('bnez a0, parent').sys('execve', '&path', 0, 0).asm('la t0, x\nsd a0, 0(t0)\nli a0, 9\nli a7, 93\necall\nparent:');
    g.expect(2).expectAt('x', LINUX.ENOENT).sys('wait4', -1, '&status', 0, 0).expect(2).expectAt('status', 9 << 8, 4).passes(root);
  });
});

describe('a machine', () => {
  it('starts a script of its root through the interpreter, and says what is wrong with one', () => {
    let stdout = '';
    const machine = createMachine({
      ramSize: 2 ** 22, poolSize: 2 ** 20, root: { files: new MemoryFiles({ s: '#!/show -x\n', lost: '#!/absent\n', show: SHOW }) },
      stdout: (bytes) => (stdout += new TextDecoder().decode(bytes)),
    });
    const script = machine.readProgram('/s');
    const lost = machine.readProgram('/lost');
    if (typeof script === 'number' || typeof lost === 'number') throw new Error('no file');
    machine.spawn(script, ['/s', 'word'], ['A=1']);
    expect([machine.run(), stdout]).toEqual([exited(4), '/show|-x|/s|word|A=1|']);
    expect(() => machine.spawn(lost, ['/lost'])).toThrow('its interpreter /absent does not exist');
  });
});
