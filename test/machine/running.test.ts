import { describe, expect, it } from 'vitest';
import { KernelPanic, Trace, traceText } from '../../src/base/index.js';
import type { Driver } from '../../src/ddi/index.js';
import { preempt } from '../../src/kernel/index.js';
import { createMachine } from '../../src/machine/index.js';
import type { Machine, MachineConfig, RunOptions, RunResult } from '../../src/machine/index.js';
import { devmap_devmem_setup } from '../../src/segdev/index.js';
import { FramebufferDevice } from '../../drivers/framebuffer/device.js';
import { framebufferDriver } from '../../drivers/framebuffer/driver.js';
import { TemplateDevice } from '../../drivers/template/device.js';
import { templateDriver } from '../../drivers/template/driver.js';
import { assemble } from '../../guest/index.js';
import { Guest } from '../process/guest-program.js';

/** Maps a framebuffer, forks two children; all three store, load, signal and wait. */
const busy = (): Guest => {
  const g = new Guest().data('path: .asciz "/dev/fb0"\n.balign 8\nstatus: .word 0\ntime: .dword 0, 0\ntext: .ascii "done\\n"');
  g.sys('openat', -100, '&path', 2, 0).expect(3).sys('mmap', 0, 0x4000, 3, 1, 3, 0).asm('mv s0, a0\nli s1, 0');
  for (let n = 1; n <= 2; n++) g.sys('clone', 17, 0, 0, 0, 0).asm(`bnez a0, 1f\nli s1, ${n}\nj work\n1:`);
  g.asm('work: slli t0, s1, 12\nadd s2, s0, t0\nli s3, 0').asm('loop: sw s3, 0(s2)\nlw t1, 0(s2)\nbne t1, s3, bad\naddi s3, s3, 1\nli t2, 30000\nblt s3, t2, loop');
  g.sys('clock_gettime', 1, '&time').asm('bnez s1, leave');
  for (let n = 0; n < 2; n++) g.sys('wait4', -1, '&status', 0, 0).expectAt('status', 0, 4);
  g.sys('write', 1, '&text', 5).expect(5).asm('lw t0, 0(s0)').expect(29999, 't0').asm('li t1, 0x1000\nadd t1, s0, t1\nlw t0, 0(t1)').expect(29999, 't0');
  return g.asm('leave: li a0, 0\nli a7, 94\necall\nbad: li a0, 99\nli a7, 94\necall');
};

interface Outcome {
  readonly result: RunResult;
  readonly stdout: string;
  readonly trace: string;
  readonly statistics: string;
  readonly machine: Machine;
}

function runIn(source: string, config: MachineConfig, drive: (machine: Machine) => RunResult): Outcome {
  const trace = new Trace();
  const lines: string[] = [];
  trace.listen((event) => lines.push(traceText(event)));
  let stdout = '';
  const devices = [{ path: 'fb0', hardware: new FramebufferDevice({ width: 64, height: 64 }), driver: framebufferDriver }];
  const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, trace, devices, stdout: (bytes) => (stdout += Buffer.from(bytes).toString()), ...config });
  machine.spawn(assemble(source).elf, ['busy']);
  const result = drive(machine);
  return { result, stdout, trace: lines.join('\n'), statistics: JSON.stringify(machine.statistics()), machine };
}
const whole = (machine: Machine): RunResult => machine.run({ maxInstructions: 5_000_000 });
/** Calls run again and again with ever new options until it says something final. */
function inSlices(options: (machine: Machine) => RunOptions): (machine: Machine) => RunResult {
  return (machine) => {
    for (let n = 0; n < 1e6; n++) {
      const result = machine.run(options(machine));
      if (result.status !== 'limit' && result.status !== 'interrupted') return result;
    }
    throw new Error('never ends');
  };
}

describe('a run', () => {
  const source = busy().source;

  it('gives the same trace and the same statistics every time, to the byte', () => {
    for (const harts of [1, 2]) {
      const [a, b] = [runIn(source, { harts, quantum: 1000 }, whole), runIn(source, { harts, quantum: 1000 }, whole)];
      expect(a.result).toEqual({ status: 'exited', code: 0 });
      expect(b.trace === a.trace).toBe(true);
      expect(b.statistics).toBe(a.statistics);
    }
  });

  it('does not change when it is interrupted in between, however often', () => {
    const reference = runIn(source, { quantum: 1000 }, whole);
    let asked = 0;
    const sliced = runIn(source, { quantum: 1000 }, inSlices(() => ({ shouldStop: () => ++asked % 7 === 0 })));
    expect(asked).toBeGreaterThan(100);
    expect(sliced.trace === reference.trace).toBe(true);
    expect(sliced.statistics).toBe(reference.statistics);
  });

  /** While a kernel thread always waits, a user thread is never alone, and gets its turns one by one. */
  const oneByOne = (machine: Machine): RunResult => {
    machine.kernel.spawn('waiting', function* () {
      for (;;) yield* preempt();
    }, { daemon: true });
    return whole(machine);
  };

  it('does not change when a thread that is alone gets its turns one by one', () => {
    // Alone for some turns and a part of one before each child is made, and after each has ended.
    const alone = (turns: number): string => `li t2, ${turns * 500 + 41}\n1: addi t2, t2, -1\nbnez t2, 1b`;
    const spells = [3, 1, 7, 2].map((turns) => `${alone(turns)}\nli s1, ${turns}\nmv s4, sp`).join('\n');
    const forking = source.replace('work: ', `${spells}\nwork: `).replaceAll('li a7, 220', `${alone(5)}\nli a7, 220`);
    expect(forking.match(/li a7, 220/g)).toHaveLength(2);
    for (const quantum of [1000, 777]) {
      const together = runIn(forking, { quantum }, whole);
      const apart = runIn(forking, { quantum }, oneByOne);
      expect(together.result).toEqual({ status: 'exited', code: 0 });
      expect(apart.trace === together.trace).toBe(true);
      expect(apart.statistics).toBe(together.statistics);
    }
  });

  it('nor where a turn ends exactly at a system call that makes another thread', () => {
    for (let before = 0; before <= 24; before++) {
      const g = new Guest().asm(`li t2, 490\n1: addi t2, t2, -1\nbnez t2, 1b\n${'nop\n'.repeat(before)}`);
      const { source: text } = g.sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, 1f').sys('gettid').asm('j leave\n1:').sys('getpid').sys('wait4', -1, 0, 0, 0).asm('leave: li a0, 0\nli a7, 94\necall');
      const [together, apart] = [runIn(text, { quantum: 1000 }, whole), runIn(text, { quantum: 1000 }, oneByOne)];
      expect(together.result).toEqual({ status: 'exited', code: 0 });
      expect([before, apart.trace === together.trace, apart.statistics]).toEqual([before, true, together.statistics]);
    }
  });

  it.each([['a hart', 1, whole], ['leave to execute', 2, inSlices((machine) => ({ maxInstructions: machine.statistics().instructions + 70_000 }))]])(
    'a thread that waits for %s when its process exits executes nothing any more', (_, harts, drive) => {
      const spin = (turns: number): string => `li t2, ${turns}\n1: addi t2, t2, -1\nbnez t2, 1b`;
      const g = new Guest().data('text: .ascii "alive\\n"\n.balign 16\n.zero 512\nstack: .zero 16');
      g.sys('clone', 0x50f00, '&stack', 0, 0, 0).asm(`beqz a0, thread\n${spin(60_000)}`).sys('exit_group', 0).asm(`thread: ${spin(400_000)}`).sys('write', 1, '&text', 6).asm('j thread');
      let atExit = 0;
      const { result, stdout, machine } = runIn(g.source, { harts }, (made) => {
        made.kernel.trace.listen((event) => { if (traceText(event).includes('exit_group')) atExit ||= made.statistics().instructions; });
        return drive(made);
      });
      expect([result, stdout]).toEqual([{ status: 'exited', code: 0 }, '']);
      expect(atExit).toBeGreaterThan(120_000);
      expect(machine.statistics().instructions - atExit).toBeLessThanOrEqual(1);
    });

  it('does the same work when the bound is raised step by step', () => {
    const reference = runIn(source, { quantum: 1000 }, whole);
    const stepped = runIn(source, { quantum: 1000 }, inSlices((machine) => ({ maxInstructions: machine.statistics().instructions + 7777 })));
    expect([stepped.result, stepped.stdout]).toEqual([reference.result, reference.stdout]);
    expect(stepped.machine.statistics().instructions).toBe(reference.machine.statistics().instructions);
  });

  it('goes on each time the bound is raised, though the kernel is preemptive', () => {
    for (const step of [777, 1000, 7777]) {
      const { result } = runIn(source, { quantum: 1000, preemptive: true }, inSlices((machine) => ({ maxInstructions: machine.statistics().instructions + step })));
      expect([step, result]).toEqual([step, { status: 'exited', code: 0 }]);
    }
  });

  it.each([[1, 100], [1, 100_000], [2, 777], [3, 5000], [4, 1]])('does its work on %i harts with turns of %i instructions', (harts, quantum) => {
    const { result, stdout, trace } = runIn(quantum === 1 ? source.replaceAll('30000', '300').replaceAll('29999', '299') : source, { harts, quantum }, whole);
    expect([result, stdout]).toEqual([{ status: 'exited', code: 0 }, 'done\n']);
    const used = new Set([...trace.matchAll(/^mmu\.fill hart=(\d)/gm)].map((match) => match[1]));
    expect(used.size).toBe(Math.min(harts, 3));
  });
});

describe('bounds of a run', () => {
  it.each([0, 1, 2, 3, 17, 1000, 123_457])('%i instructions are exact', (maxInstructions) => {
    const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, quantum: 1000 });
    machine.spawn(assemble('_start: addi t0, t0, 1\nli a7, 172\necall\nj _start').elf, ['spin']);
    expect(machine.run({ maxInstructions })).toEqual({ status: 'limit' });
    expect(machine.statistics()).toMatchObject({ instructions: maxInstructions, virtualNs: maxInstructions });
    expect(machine.run({ maxInstructions })).toEqual({ status: 'limit' });
    expect(machine.statistics().instructions).toBe(maxInstructions);
  });

  it('a loop that does nothing but system calls is bounded too', () => {
    const { result, machine } = new Guest().asm('li a7, 172\nloop: ecall\necall\necall\nj loop').run({}, 1001);
    expect(result).toEqual({ status: 'limit' });
    expect(machine.statistics().instructions).toBe(1001);
  });

  it('bad bounds are refused by name', () => {
    const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20 });
    machine.spawn(assemble('_start: j _start').elf, ['spin']);
    for (const maxInstructions of [-1, 1.5, NaN]) expect(() => machine.run({ maxInstructions })).toThrow(/maxInstructions/);
  });

  it('a process that nobody will wake is a deadlock that says who waits for what', () => {
    const { result } = new Guest().sys('kill', 1, 19).run();
    expect(result.status).toBe('deadlock');
    if (result.status === 'deadlock') expect(result.text).toMatch(/test\[1\] waits for cv pid 1: continued/);
  });

  it('a driver that panics the kernel ends the run with the cause, and the machine stays dead', () => {
    const driver: Driver = { ...templateDriver, cb_ops: { ...templateDriver.cb_ops, open: () => { throw new KernelPanic('panic', 'out of paper'); } } };
    const g = new Guest().data('path: .asciz "/dev/t0"').sys('openat', -100, '&path', 2, 0);
    const { result, machine } = g.run({ devices: [{ path: 't0', hardware: new TemplateDevice(), driver }] });
    expect(result).toEqual({ status: 'panic', text: 'out of paper' });
    expect(machine.run().status).toBe('panic');
  });

  it('device memory that the host cannot back any more ends the run with a clear text', () => {
    const g = new Guest().data('path: .asciz "/dev/t0"').sys('openat', -100, '&path', 2, 0).sys('mmap', 0, 0x4000, 3, 1, 3, 0);
    g.asm('li t0, 0x1000\nsw t0, 0(a0)\nadd a0, a0, t0\nsw t0, 0(a0)\nadd a0, a0, t0\nsw t0, 0(a0)');
    const { result } = g.run({ poolSize: 0x2000, devices: [{ path: 't0', hardware: new FramebufferDevice({ width: 64, height: 64 }), driver: framebufferDriver }] });
    expect(result.status).toBe('panic');
    if (result.status === 'panic') expect(result.text).toMatch(/framebuffer\.memory/);
  });

  it('a driver that answers every fault without loading anything does not hang the machine', () => {
    const driver: Driver = { ...framebufferDriver, cb_ops: { ...framebufferDriver.cb_ops, devmap: stubborn } };
    const g = new Guest().data('path: .asciz "/dev/t0"').sys('openat', -100, '&path', 2, 0).sys('mmap', 0, 0x1000, 3, 1, 3, 0).asm('lw t0, 0(a0)');
    const { result } = g.run({ devices: [{ path: 't0', hardware: new FramebufferDevice({ width: 64, height: 64 }), driver }] });
    expect(result).toMatchObject({ status: 'signaled', signal: 9 });
    if (result.status === 'signaled') expect(result.report.reason).toMatch(/faulted 1000 times/);
  });
});

/** devmap(9E) whose devmap_access(9E) says that all is well and does nothing. */
const stubborn: NonNullable<Driver['cb_ops']['devmap']> = (dev, dhp, off, len, maplen) => {
  const callbacks = { devmap_rev: 1, access: () => 0 };
  maplen.value = len;
  return devmap_devmem_setup(dhp, dev.dip, callbacks, 0, off, len, 0xf, 0, { devacc_attr_version: 1, devacc_attr_endian_flags: 0, devacc_attr_dataorder: 0 });
};

describe('from outside', () => {
  const spinning = (): Machine => {
    const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20 });
    machine.spawn(assemble('_start: j _start').elf, ['spin']);
    return machine;
  };

  it('a program can be killed, and then another one be run', () => {
    const machine = spinning();
    expect(machine.run({ maxInstructions: 1000 })).toEqual({ status: 'limit' });
    machine.processes()[0]?.kill(10);
    expect(machine.run()).toMatchObject({ status: 'signaled', signal: 7, report: { signalName: 'SIGBUS' } });
    machine.spawn(assemble('_start: li a0, 7\nli a7, 94\necall').elf, ['seven']);
    expect(machine.run()).toEqual({ status: 'exited', code: 7 });
  });

  it('a program cannot be made to exit, nor sent what is no signal', () => {
    const process = spinning().processes()[0];
    expect(() => process?.exit(0)).toThrow(/runs a program/);
    for (const signal of [0, -1, 33, 75, 1.5]) expect(() => process?.kill(signal)).toThrow(RangeError);
  });

  it('the mappings of every process can be read as text', () => {
    const lines = spinning().maps().split('\n');
    expect(lines[0]).toBe('spin[1]');
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^0000010000-0000011000 r-xp 0000000000 spin$/), expect.stringMatching(/rw-p 0000000000 \[stack\]$/), expect.stringMatching(/^3ffffff000-4000000000 r-xp 0000000000 \[sigreturn\]$/),
    ]);
  });
});

describe('two harts', () => {
  it('never serve a mapping that is gone, wherever the process ran when it went', () => {
    // Maps a page, stores, waits, unmaps, waits, loads: the load must fault every time. Two children keep the harts changing hands.
    const g = new Guest().data('.balign 8\naction: .dword handler, 4, 0\nhits: .dword 0').sys('rt_sigaction', 11, '&action', 0, 8).expect(0);
    for (let n = 0; n < 2; n++) g.sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, 1f\n3: j 3b\n1:').asm(`mv s${n + 2}, a0`);
    g.asm('li s1, 60\nli s0, 0x20000000\nagain:').sys('mmap', 's0', 4096, 3, 0x32, -1, 0).asm('sd s1, 0(s0)\nli t0, 100\n2: addi t0, t0, -1\nbnez t0, 2b');
    g.asm('ld t0, 0(s0)').expect('s1', 't0').sys('munmap', 's0', 4096).expect(0).asm('li t0, 70\n2: addi t0, t0, -1\nbnez t0, 2b\nld t0, 0(s0)\naddi s1, s1, -1\nbnez s1, again');
    g.sys('kill', 's2', 9).sys('kill', 's3', 9).expectAt('hits', 60).sub('handler: la t0, hits\nld t1, 0(t0)\naddi t1, t1, 1\nsd t1, 0(t0)\nld t0, 176(a2)\naddi t0, t0, 4\nsd t0, 176(a2)\nret');
    const { trace } = g.passes({ harts: 2, quantum: 130 });
    const harts = new Set(trace.filter((line) => line.startsWith('mmu.fill') && line.includes('va=0x20000000')).map((line) => line.split(' ')[1]));
    expect(harts.size).toBe(2);
  });
});
