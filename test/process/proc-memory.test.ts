import { describe, expect, it } from 'vitest';
import { EIO } from '../../src/base/index.js';
import { createMachine } from '../../src/machine/index.js';
import type { Machine } from '../../src/machine/index.js';
import type { Process } from '../../src/process/index.js';
import { segdevOf } from '../../src/segdev/index.js';
import { MAP_ANON, MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ, PROT_WRITE } from '../../src/vm/index.js';
import { Trace, traceText } from '../../src/base/index.js';
import type { SegdevMode } from '../../src/segdev/index.js';
import { SIZE, block } from './block-device.js';
import type { Block, BlockOptions } from './block-device.js';
import { Guest, LINUX } from './guest-program.js';

const RW = PROT_READ | PROT_WRITE;
const PAGE = 4096;

interface Setting extends Block {
  readonly machine: Machine;
  readonly process: Process;
  readonly trace: string[];
  /** Where the whole device is mapped. */
  readonly window: number;
}

function setting(options: BlockOptions & { prot?: number; mode?: SegdevMode } = {}): Setting {
  const made = block(options);
  const trace = new Trace();
  const lines: string[] = [];
  trace.listen((event) => lines.push(traceText(event)));
  const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, devices: [made.device], trace, segdev: { mode: options.mode ?? 'fixed' } });
  const process = machine.createProcess('target');
  const mapped = process.mmap({ len: SIZE, prot: options.prot ?? RW, flags: MAP_SHARED, fd: process.open('/dev/block0') });
  if ('errno' in mapped) throw new Error(`mmap: ${mapped.errno}`);
  return { ...made, machine, process, trace: lines, window: mapped.addr };
}

const memory = (process: Process, len: number, prot = RW): number => {
  const mapped = process.mmap({ len, prot, flags: MAP_PRIVATE | MAP_ANON });
  if ('errno' in mapped) throw new Error(`mmap: ${mapped.errno}`);
  return mapped.addr;
};
const bytes = (length: number, seed = 1): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 5 + seed) & 0xff);

describe('/proc reading and writing device memory of a process', () => {
  it('locks each page, copies through the device, unlocks: the driver sees LOCK and UNLOCK, page by page', () => {
    const s = setting({ access: true });
    s.memory().write(0, bytes(SIZE));
    expect(s.process.procRead(s.window + PAGE - 4, 8)).toEqual(s.memory().read(PAGE - 4, 8));
    expect(s.accesses).toEqual([`LOCK 0 ${PAGE} 1`, `UNLOCK 0 ${PAGE} 1`, `LOCK ${PAGE} ${PAGE} 1`, `UNLOCK ${PAGE} ${PAGE} 1`]);
    expect(s.trace.filter((line) => line.startsWith('copyfromdev'))).toEqual([
      expect.stringMatching(/off=0xffc len=0x4$/), expect.stringMatching(/off=0x1000 len=0x4$/),
    ]);
    expect(s.process.procWrite(s.window + 2 * PAGE, Uint8Array.of(9, 8, 7))).toBe(3);
    expect([...s.memory().read(2 * PAGE, 4)]).toEqual([9, 8, 7, bytes(SIZE)[2 * PAGE + 3]]);
    expect(s.process.munmap(s.window, SIZE)).toBe(0);
  });

  it('writes a page the process may only read by giving the right for that moment', () => {
    const s = setting({ prot: PROT_READ });
    expect(s.process.procWrite(s.window + 16, Uint8Array.of(1, 2, 3, 4))).toBe(4);
    expect([...s.memory().read(16, 4)]).toEqual([1, 2, 3, 4]);
    expect(s.process.segment(s.window)?.prot).toBe(PROT_READ | 8);
    expect(s.process.store(s.window + 16, 4, 0n)).toMatchObject({ signal: 'SIGSEGV', code: 'SEGV_ACCERR' });
    expect(s.process.maps()).toMatch(/^\S+ r--s 0000000000 \/dev\/block0$/);
  });

  it.each(['fixed', 'illumos'] as const)('leaves per-page protections behind in mode %s, as the C text does', (mode) => {
    const s = setting({ prot: PROT_READ, mode });
    expect(segdevOf(s.machine.kernel).live.vpage).toBe(0);
    s.process.procWrite(s.window, Uint8Array.of(1));
    expect(segdevOf(s.machine.kernel).live.vpage).toBe(1);
    s.process.exit();
    expect(segdevOf(s.machine.kernel).live).toEqual({ handle: 0, segdata: 0, vpage: 0, cookie: 0 });
  });

  it.each([['fixed', 0x2000], ['illumos', 0]] as const)('tells the device in mode %s that the page is at offset %i', (mode, off) => {
    const s = setting({ mode });
    const mapped = s.process.mmap({ len: PAGE, prot: RW, flags: MAP_SHARED, fd: s.process.open('/dev/block0'), off: 2 * PAGE });
    if ('errno' in mapped) throw new Error('mmap');
    s.memory().write(2 * PAGE, Uint8Array.of(7));
    expect(s.process.procRead(mapped.addr, 1)).toEqual(Uint8Array.of(7));
    expect(s.process.procWrite(mapped.addr, Uint8Array.of(8))).toBe(1);
    expect(s.trace.filter((line) => /^copy(from|to)dev/.test(line)).map((line) => / off=(\S+)/.exec(line)?.[1])).toEqual([`0x${off.toString(16)}`, `0x${off.toString(16)}`]);
  });

  it('cannot read a mapping that may be remapped, nor write what maxprot forbids', () => {
    const s = setting({ remap: true });
    expect(s.process.procRead(s.window, 8)).toEqual({ errno: EIO });
    expect(s.process.procWrite(s.window, Uint8Array.of(1))).toBe(-EIO);
    expect(s.process.munmap(s.window, SIZE)).toBe(0);
    const t = setting();
    const mapped = t.process.mmap({ len: PAGE, prot: PROT_READ, flags: MAP_SHARED, fd: t.process.open('/dev/block0', 'r') });
    if ('errno' in mapped) throw new Error('mmap');
    expect(t.process.procWrite(mapped.addr, Uint8Array.of(1))).toBe(-EIO);
    expect(t.process.procRead(mapped.addr, 1)).toEqual(Uint8Array.of(0));
  });
});

describe('/proc reading and writing ordinary memory of a process', () => {
  it('reaches pages it has not touched, and pages it may not touch', () => {
    const { process } = setting();
    const [fresh, none, readOnly] = [memory(process, 2 * PAGE), memory(process, PAGE, PROT_NONE), memory(process, PAGE, PROT_READ)];
    expect(process.procRead(fresh + 100, PAGE)).toEqual(new Uint8Array(PAGE));
    expect(process.procWrite(none + 8, Uint8Array.of(5, 6))).toBe(2);
    expect(process.procRead(none + 7, 4)).toEqual(Uint8Array.of(0, 5, 6, 0));
    expect(process.load(none, 1)).toMatchObject({ signal: 'SIGSEGV', code: 'SEGV_ACCERR' });
    expect(process.procWrite(readOnly, Uint8Array.of(7))).toBe(1);
    expect(process.load(readOnly, 1)).toEqual({ value: 7n });
    expect(process.store(readOnly, 1, 1n)).toMatchObject({ signal: 'SIGSEGV' });
    for (const at of [fresh, none, readOnly]) expect(process.munmap(at, PAGE)).toBe(0);
  });

  it('does not write into a page that a child still shares', () => {
    const { process } = setting();
    const at = memory(process, PAGE);
    process.store(at, 1, 3n);
    const child = process.fork() as Process;
    expect(process.procRead(at, 1)).toEqual(Uint8Array.of(3));
    expect(child.procWrite(at, Uint8Array.of(4))).toBe(1);
    expect(process.load(at, 1)).toEqual({ value: 3n });
    expect(child.load(at, 1)).toEqual({ value: 4n });
  });

  it('stops at the first page that is not there', () => {
    const { process } = setting();
    const at = memory(process, 2 * PAGE);
    process.munmap(at + PAGE, PAGE);
    expect((process.procRead(at + PAGE - 10, 20) as Uint8Array).length).toBe(10);
    expect(process.procWrite(at + PAGE - 10, new Uint8Array(20))).toBe(10);
    for (const addr of [at + PAGE, 0, -1, NaN, 1.5, 2 ** 38, 2 ** 60]) expect(process.procRead(addr, 4)).toEqual({ errno: EIO });
    expect(process.procRead(at, 0)).toEqual(new Uint8Array(0));
  });
});

describe('a program that opens /proc', () => {
  const proc = (): Guest => new Guest().data('mem: .asciz "/proc/self/mem"\nmaps: .asciz "/proc/self/maps"\none: .asciz "/proc/1/mem"\nnobody: .asciz "/proc/77/mem"\nstatus: .asciz "/proc/1/nothing"\n.balign 8\nword: .dword 77\nbuf: .zero 64');

  it('reads and writes its own memory at the file\'s offset, which is the address', () => {
    const g = proc().sys('openat', -100, '&mem', 2, 0).expect(3).sys('pread64', 3, '&buf', 8, '&word').expect(8).expectAt('buf', 77);
    g.asm('la t0, buf\nli t1, 78\nsd t1, 0(t0)').sys('lseek', 3, '&word', 0).sys('write', 3, '&buf', 8).expect(8).expectAt('word', 78);
    // What it executes is read-only; the next instruction is replaced: li s0, 1 becomes li s0, 2 (addi x8, x0, 2).
    g.data('insn: .word 0x00200413').sys('pwrite64', 3, '&insn', 4, '&patch').expect(4).asm('.balign 4\n.option norvc\npatch: li s0, 1').expect(2, 's0');
    g.sys('pread64', 3, '&buf', 8, 0).expect(LINUX.EIO).sys('pread64', 3, 8, 8, '&word').expect(LINUX.EFAULT).sys('close', 3).expect(0).passes();
  });

  it('reads another process, and its mappings of a device, until that has ended', () => {
    const made = block();
    const g = proc().data('path: .asciz "/dev/block0"').sys('openat', -100, '&path', 2, 0).expect(3).sys('mmap', 0, 0x4000, 3, 1, 3, 0);
    g.asm('mv s0, a0\nli t0, 0x55\nsd t0, 8(s0)').sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent').sys('munmap', 's0', 0x4000).expect(0).sys('openat', -100, '&one', 2, 0).expect(4);
    g.asm('addi s1, s0, 8').sys('pread64', 4, '&buf', 8, 's1').expect(8).expectAt('buf', 0x55).asm('la t0, buf\nli t1, 0x66\nsd t1, 0(t0)').sys('pwrite64', 4, '&buf', 8, 's1').expect(8);
    g.asm('li a0, 0\nli a7, 94\necall\nparent:').data('.balign 4\nstat: .word -1\nchild: .asciz "/proc/2/mem"').sys('openat', -100, '&child', 2, 0).expect(4).sys('wait4', -1, '&stat', 0, 0).expectAt('stat', 0, 4).asm('ld t0, 8(s0)').expect(0x66, 't0');
    g.sys('pread64', 4, '&buf', 8, 's1').expect(0).sys('pwrite64', 4, '&buf', 8, 's1').expect(0).sys('openat', -100, '&child', 2, 0).expect(LINUX.ENOENT);
    g.passes({ devices: [made.device] });
  });

  it('reads its mappings as text', () => {
    const g = proc().sys('openat', -100, '&maps', 0, 0).expect(3).data('.balign 8\ntext: .zero 4096').sys('read', 3, '&text', 4096).asm('mv s0, a0').sys('write', 1, '&text', 's0').sys('read', 3, '&text', 4096).expect(0);
    const { stdout } = g.passes();
    expect(stdout.split('\n')[0]).toMatch(/^0000010000-[0-9a-f]{10} r-xp 0000000000 test$/);
    expect(stdout).toContain(' rw-p 0000000000 [stack]\n');
    expect(stdout.endsWith(' [sigreturn]\n')).toBe(true);
  });

  it('finds nothing else there', () => {
    const g = proc().sys('openat', -100, '&nobody', 2, 0).expect(LINUX.ENOENT).sys('openat', -100, '&status', 0, 0).expect(LINUX.ENOENT);
    g.sys('openat', -100, '&one', 1, 0).expect(3).sys('pread64', 3, '&buf', 8, '&word').expect(LINUX.EBADF).sys('mmap', 0, 4096, 1, 2, 3, 0).expect(LINUX.EACCES).passes();
  });
});
