import { describe, expect, it } from 'vitest';
import { formatDeath } from '../../src/process/index.js';
import { Guest, LINUX, runSource } from './guest-program.js';

const SIGINFO = 4;
const sigaction = (g: Guest, signal: number, handler: string, flags = SIGINFO, mask = 0): Guest => {
  const label = `action${signal}_${g.source.length}`;
  return g.data(`.balign 8\n${label}: .dword ${handler}, ${flags}, ${mask}`).sys('rt_sigaction', signal, `&${label}`, 0, 8).expect(0);
};

/** Keeps signal, si_signo, si_errno, si_code, si_addr and the pc of the frame for later checks. */
const RECORD = `record: la t0, got
sd a0, 0(t0)
lw t1, 0(a1)
sd t1, 8(t0)
lw t1, 4(a1)
sd t1, 16(t0)
lw t1, 8(a1)
sd t1, 24(t0)
ld t1, 16(a1)
sd t1, 32(t0)
ld t1, 176(a2)
sd t1, 40(t0)`;
const got = (g: Guest): Guest => g.data('.balign 8\ngot: .zero 64');

describe('a fault a program handles itself', () => {
  /** Every register but sp has a value of its own; the handler spoils them all and repairs the fault. */
  const registers = [1, 3, 4, ...Array.from({ length: 27 }, (_, i) => i + 5)];
  const value = (n: number): bigint => BigInt.asIntN(64, 0x0123_4567_89ab_cdefn * BigInt(n * n + 1));

  it('comes back with every register as it was, whatever the handler did to them', () => {
    const lines = ['.text\n_start:', 'la a1, action\nli a0, 11\nli a2, 0\nli a3, 8\nli a7, 134\necall', 'la t0, keepsp\nsd sp, 0(t0)'];
    for (const n of registers) lines.push(`li x${n}, ${n === 8 ? 0x5000_0000 : value(n)}`);
    lines.push('fault: sd x9, 16(x8)', 'la gp, saved');
    // Everything but gp is checked against its value; gp itself was needed to store.
    for (const n of registers.filter((n) => n !== 3)) lines.push(`sd x${n}, ${8 * n}(gp)`);
    lines.push('ld t0, keepsp\nsub a0, sp, t0\nsnez a0, a0\nbnez a0, out', 'li a0, 1\nla a1, saved\nli a2, 256\nli a7, 64\necall\nli a0, 0\nout: li a7, 94\necall');
    lines.push('handler: li a0, 0x50000000\nli a1, 4096\nli a2, 3\nli a3, 0x32\nli a4, -1\nli a5, 0\nli a7, 222\necall\nmv s11, ra\nmv s10, sp');
    for (const n of registers.filter((n) => ![26, 27].includes(n))) lines.push(`li x${n}, -1`);
    lines.push('mv sp, s10\nmv ra, s11\nret', '.data\n.balign 8\naction: .dword handler, 4, 0\nkeepsp: .dword 0\nsaved: .zero 256');
    const source = lines.join('\n').replace('ld t0, keepsp', 'la t0, keepsp\nld t0, 0(t0)');
    let bytes: Uint8Array = new Uint8Array(0);
    const { result } = runSource(source, { stdout: (out) => (bytes = out) });
    expect(result).toEqual({ status: 'exited', code: 0 });
    const view = new DataView(bytes.buffer);
    for (const n of registers.filter((n) => n !== 3)) expect([n, view.getBigInt64(8 * n, true)]).toEqual([n, n === 8 ? 0x5000_0000n : value(n)]);
  });

  it.each([
    ['a load from nowhere', 'ld t0, 8(s0)', 'li s0, 0x5000000000 >> 4', 11, 1, 0x5_0000_0008],
    ['a store to nowhere', 'sd t0, 0(s0)', 'li s0, 0x1230', 11, 1, 0x1230],
    ['a null pointer', 'lw t0, 4(zero)', '', 11, 1, 4],
    ['a kernel address', 'ld t0, 0(s0)', 'li s0, -4096', 11, 1, -4096],
    ['a non-canonical address', 'ld t0, 0(s0)', 'li s0, 0x5a00000000000010', 11, 1, 0x5a00000000000010n],
    ['a store to the program text', 'sd t0, 0(s0)', 'la s0, _start', 11, 2, undefined],
    ['an illegal instruction', '.word 0xffffffff', '', 4, 1, undefined],
    ['a breakpoint', 'ebreak', '', 5, 1, undefined],
  ] as const)('%s: signal, code, address and pc are what happened', (_name, instruction, before, signal, code, addr) => {
    const g = sigaction(got(new Guest()), signal, 'handler').asm(before).asm(`.option norvc\nfault: ${instruction}\nback:`);
    g.expectAt('got', signal).asm('la s1, got\nld t0, 8(s1)').expect(signal, 't0').asm('ld t0, 16(s1)').expect(0, 't0').asm('ld t0, 24(s1)').expect(code, 't0');
    g.asm('ld t0, 32(s1)').expect(addr ?? (signal === 11 ? '&_start' : '&fault'), 't0').asm('ld t0, 40(s1)').expect('&fault', 't0');
    g.asm('la t1, back');
    g.sub(`handler: ${RECORD.replace('record: ', '')}\nla t1, back\nsd t1, 304-128(a2)\nret`).passes();
  });

  it('jumping to nowhere is a fetch fault at the target', () => {
    const g = sigaction(got(new Guest()), 11, 'handler').asm('li s0, 0x700000\njalr s0\nback:').expectAt('got', 11).asm('la s1, got\nld t0, 32(s1)').expect(0x700000, 't0').asm('ld t0, 40(s1)').expect(0x700000, 't0');
    g.sub(`handler: ${RECORD.replace('record: ', '')}\nla t1, back\nsd t1, 176(a2)\nret`).passes();
  });
});

/** Addresses a pc can hold but no page can have; none but the last two is a number of 53 significant bits. */
const NOWHERE = [0x4141414141414140n, 0x8000000000000004n, 0x7ffffffffffffffen, 0x8123456789abcdeen, 0x4000000002n, 0xffffffbffffffffen].map((target) => ({ target, hex: target.toString(16) }));

/** Jumps of each test, so that hot code makes them too. */
const TURNS = 8;

describe.each([{ engine: 'interpreter' }, { engine: 'regions', hotness: 1 }] as const)('a jump to a non-canonical address ($engine)', (engine) => {
  it.each(NOWHERE)('$hex is si_addr and pc of the frame, bit for bit, and so is where the handler goes on', ({ target }) => {
    const beyond = target ^ 0x123456n;
    const g = sigaction(got(new Guest()), 11, 'handler').asm(`li s3, ${target}\nli s4, ${TURNS}\nagain: la t0, next\nla t1, got\nsd t1, 0(t0)\nj jump\njump: jalr s3\nback:`);
    for (const [i, value] of [target, target, beyond, beyond].entries()) g.asm(`la t0, got\nld t0, ${8 * i}(t0)`).expect(value, 't0');
    g.asm('addi s4, s4, -1\nbnez s4, again');
    // The first fault goes on at another such address, the second behind the jump.
    g.data('next: .dword 0').sub(`handler: la t0, next\nld t1, 0(t0)\naddi t2, t1, 16\nsd t2, 0(t0)\nld t2, 16(a1)\nsd t2, 0(t1)\nld t2, 176(a2)\nsd t2, 8(t1)
la t2, got\nli t3, ${beyond}\nbeq t1, t2, 1f\nla t3, back\n1: sd t3, 176(a2)\nret`);
    const { machine } = g.passes({ engine });
    expect(machine.engineStatistics().regionInstructions > 0).toBe(engine.engine === 'regions');
  });

  it.each(NOWHERE)('$hex is the pc of the death report and of the trace', ({ target }) => {
    const { result, trace } = new Guest().asm(`li s3, ${target}\njr s3`).run({ engine });
    if (result.status !== 'signaled') throw new Error(result.status);
    expect(result.report).toMatchObject({ signalName: 'SIGSEGV', pc: target, addr: target, access: 'fetch' });
    const text = formatDeath(result.report).join('\n');
    expect(text).toContain(`SIGSEGV (SEGV_MAPERR) at pc 0x${target.toString(16)}\n`);
    expect(text).toContain(` pc ${target.toString(16).padStart(16, '0')} `);
    expect(trace.filter((line) => line.startsWith('guest.trap')).at(-1)).toMatch(new RegExp(` pc=0x${target.toString(16)} cause=fetch\\w+ tval=0x${target.toString(16)}$`));
    expect(trace.find((line) => line.startsWith('guest.signal'))).toContain(` addr=0x${target.toString(16)} `);
  });

  it.each(NOWHERE)('$hex may be where a handler is', ({ target }) => {
    const g = sigaction(new Guest(), 10, String(target)).sys('getpid').sys('kill', 'a0', 10);
    const { result } = g.run({ engine });
    if (result.status !== 'signaled') throw new Error(result.status);
    expect(result.report).toMatchObject({ signalName: 'SIGSEGV', pc: target, addr: target, access: 'fetch' });
  });
});

describe('deaths', () => {
  // RAM that holds a whole stack.
  const dies = (g: Guest): { signal: number; lines: string } => {
    const { result } = g.run({ ramSize: 2 ** 24 });
    if (result.status !== 'signaled') throw new Error(JSON.stringify(result));
    const { report } = result;
    return { signal: result.signal, lines: [report.code, report.mapping, report.reason].join('\n') };
  };

  it('a second fault inside the handler of the first ends the process instead of going on for ever', () => {
    const { signal } = dies(sigaction(new Guest(), 11, 'handler').asm('ld t0, 0(zero)').sub('handler: ld t0, 8(zero)\nret'));
    expect(signal).toBe(11);
  });

  it('an ignored or blocked SIGSEGV ends the process all the same', () => {
    expect(dies(sigaction(new Guest(), 11, '1').asm('ld t0, 0(zero)')).signal).toBe(11);
    const g = sigaction(new Guest(), 11, 'handler').data('.balign 8\nset: .dword 1 << 10').sys('rt_sigprocmask', 0, '&set', 0, 8).expect(0).asm('ld t0, 0(zero)').sub('handler: ret');
    expect(dies(g).signal).toBe(11);
  });

  it('a stack that cannot take the frame ends the process with SIGSEGV', () => {
    const { signal, lines } = dies(sigaction(new Guest(), 4, 'handler').asm('li sp, 0x1000\n.word 0xffffffff').sub('handler: ret'));
    expect(signal).toBe(11);
    expect(lines).toContain('no room for the frame of SIGILL');
  });

  it('unbounded recursion is told to be a stack overflow', () => {
    expect(dies(new Guest().asm('loop: addi sp, sp, -256\nsd ra, 0(sp)\njal loop')).lines).toContain('the stack has overflowed: all its 8 MiB are used');
    const guarded = new Guest().sys('mmap', 0, 0x10000, 0, 0x22, -1, 0).asm('mv s0, a0\nli t0, 0x1000\nadd a0, a0, t0').sys('mprotect', 'a0', 0xf000, 3).asm('li t0, 0x10000\nadd sp, s0, t0\nloop: addi sp, sp, -256\nsd ra, 0(sp)\njal loop');
    expect(dies(guarded).lines).toContain('the stack of this thread has overflowed into the guard page below it');
  });

  it('a handler that faults without blocking fills the stack and ends; the machine does not hang', () => {
    expect(dies(sigaction(new Guest(), 11, 'handler', 0x4000_0000).asm('ld t0, 0(zero)').sub('handler: ld t0, 0(zero)')).signal).toBe(11);
  });

  it('rt_sigreturn without a frame ends the process', () => {
    expect(dies(new Guest().asm('li sp, 64').sys('rt_sigreturn')).lines).toContain('no signal frame');
  });

  it('returning again and again through an invented frame is bounded by the instruction limit', () => {
    const g = sigaction(new Guest(), 11, 'again').asm('li a7, 139\nld t0, 0(zero)').sub('again: li a7, 139\necall');
    expect(g.run({}, 5000).result).toEqual({ status: 'limit' });
  });

  it.each([
    ['a hole cut by munmap', 'li a0, 0x20000000\nli a1, 0x4000\nli a2, 3\nli a3, 0x32\nli a4, -1\nli a5, 0\nli a7, 222\necall\nli a0, 0x20001000\nli a1, 0x1000\nli a7, 215\necall\nli s0, 0x20001800\nsw t0, 0(s0)',
      ['SEGV_MAPERR', 'in the hole cut by munmap between 0x20001000 and 0x20002000', '0x801 bytes after [0x20000000, 0x20001000) rw- anonymous memory', '0x800 bytes before [0x20002000, 0x20004000)']],
    ['text', 'la s0, _start\nsw t0, 0(s0)', ['SEGV_ACCERR', 'r-x test', 'the mapping does not allow to write']],
    ['null', 'lw t0, 0(zero)', ['SEGV_MAPERR', 'a null pointer']],
    ['non-canonical', 'li s0, 0x4000000000000000\nlw t0, 0(s0)', ['SEGV_MAPERR', 'not canonical']],
    ['kernel', 'li s0, -8\nld t0, 0(s0)', ['SEGV_MAPERR', 'belongs to the kernel']],
    ['illegal', '.word 0', ['ILL_ILLOPC', 'not an instruction of this machine: 0x0']],
    ['wfi', 'wfi', ['ILL_ILLOPC', 'not allowed in user mode: wfi (0x10500073)']],
    ['mret', 'mret', ['not allowed in user mode: mret (0x30200073)']],
    ['sfence.vma', 'sfence.vma zero, zero', ['not allowed in user mode: sfence.vma']],
    ['csrr satp', 'csrr a0, satp', ['not allowed in user mode: csrr', 'satp', '(0x18002573)']],
    ['a register that is not there', 'csrr a0, 0x800', ['operands this machine does not take: csrr']],
    ['a write of a read-only register', 'csrw cycle, zero', ['operands this machine does not take: csr']],
  ] as const)('the report of %s says which mapping was hit or missed and why', (_name, source, texts) => {
    const { lines } = dies(new Guest().asm(source));
    for (const text of texts) expect(lines).toContain(text);
  });

  it('the report of an instruction names no access, for there was none', () => {
    for (const source of ['.word 0', 'wfi', 'ebreak']) {
      const { lines } = dies(new Guest().asm(source));
      expect(lines, source).not.toContain('of address');
    }
  });

  it('the report names the function and holds every register', () => {
    const { result } = new Guest().asm('li s3, 0x1234\ncall victim').sub('.globl victim\nvictim: nop\nlw t0, 0(zero)\nret').run();
    if (result.status !== 'signaled') throw new Error(result.status);
    expect(result.report.symbol).toBe('victim+0x4');
    expect(result.report.registers.length).toBe(32);
    expect(result.report.registers.find((register) => register.name === 's3')?.value).toBe(0x1234n);
    expect(result.report).toMatchObject({ pid: 1, process: 'test', signalName: 'SIGSEGV', code: 'SEGV_MAPERR', access: 'load', addr: 0n });
  });
});

describe('signals from processes', () => {
  it('run the handler with its mask, and the old mask comes back with the return', () => {
    const g = sigaction(new Guest(), 10, 'handler', 0, 1 << 11).data('.balign 8\nold: .dword -1\nin: .dword -1\nhits: .dword 0');
    g.sys('kill', 1, 10).expect(0).expectAt('hits', 1).sys('rt_sigprocmask', 0, 0, '&old', 8).expect(0).expectAt('old', 0).expectAt('in', (1 << 9) | (1 << 11));
    g.sub('handler: la t0, hits\nld t1, 0(t0)\naddi t1, t1, 1\nsd t1, 0(t0)\nli a0, 0\nli a1, 0\nla a2, in\nli a3, 8\nli a7, 135\necall\nret').passes();
  });

  it('wait while blocked, are seen by rt_sigpending, and come when unblocked', () => {
    const g = sigaction(got(new Guest()), 12, 'handler').data('.balign 8\nset: .dword 1 << 11\npend: .dword 0');
    g.sys('rt_sigprocmask', 0, '&set', 0, 8).expect(0).sys('tgkill', 1, 1, 12).expect(0).expectAt('got', 0).sys('rt_sigpending', '&pend', 8).expect(0).expectAt('pend', 1 << 11);
    g.sys('rt_sigprocmask', 1, '&set', 0, 8).expect(0).expectAt('got', 12).asm('la s1, got\nld t0, 24(s1)').expect(-6, 't0').asm('lw t0, 32(s1)').expect(1, 't0');
    g.sub(`handler: ${RECORD.replace('record: ', '')}\nret`).passes();
  });

  it('SA_RESETHAND runs the handler once, then the default', () => {
    const g = sigaction(new Guest(), 10, 'handler', 0x8000_0000).sys('kill', 1, 10).expect(0).sys('kill', 1, 10).sub('handler: ret');
    expect(g.run().result).toMatchObject({ status: 'signaled', signal: 10 });
  });

  it('interrupt wait4 with EINTR, or not at all with SA_RESTART', () => {
    for (const [flags, answer] of [[0, LINUX.EINTR], [0x1000_0000, 2]] as const) {
      const g = sigaction(new Guest(), 10, 'handler', flags).sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent');
      g.asm('li a0, 1\nli a1, 10\nli a7, 129\necall\nli t0, 200000\nspin: addi t0, t0, -1\nbnez t0, spin\nli a0, 0\nli a7, 93\necall\nparent:');
      g.sys('wait4', -1, 0, 0, 0).expect(answer).sub('handler: ret').passes();
    }
  });

  it('SIGCHLD does not interrupt the wait4 that collects the child, but runs its handler', () => {
    const g = sigaction(got(new Guest()), 17, 'handler').sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent\nli t0, 200000\nspin: addi t0, t0, -1\nbnez t0, spin\nli a0, 0\nli a7, 93\necall\nparent:');
    g.sys('wait4', -1, 0, 0, 0).expect(2).expectAt('got', 17).sub(`handler: ${RECORD.replace('record: ', '')}\nret`).passes();
  });

  it('tell a parent about its child, with SIGCHLD and the exit code', () => {
    const g = sigaction(got(new Guest()), 17, 'handler').sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent\nli a0, 33\nli a7, 93\necall\nparent: la s1, got\nwait: ld t0, 0(s1)\nbeqz t0, wait');
    g.expectAt('got', 17).asm('ld t0, 24(s1)').expect(1, 't0').asm('lw t0, 32(s1)').expect(2, 't0');
    g.sub(`handler: ${RECORD.replace('record: ', '')}\nret`).passes();
  });

  it('stop and continue a process', () => {
    const g = new Guest().data('.balign 8\nstatus: .word 0').sys('mmap', 0, 4096, 3, 0x21, -1, 0).asm('mv s0, a0').sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent\nchild: ld t0, 0(s0)\naddi t0, t0, 1\nsd t0, 0(s0)\nj child\nparent: mv s1, a0');
    g.sys('sched_yield').sys('kill', 's1', 19).expect(0).sys('sched_yield').sys('sched_yield').asm('ld s2, 0(s0)').sys('sched_yield').sys('sched_yield').asm('ld t0, 0(s0)').expect('s2', 't0');
    g.sys('kill', 's1', 18).expect(0).sys('sched_yield').sys('sched_yield').asm('ld t0, 0(s0)\nsltu a0, s2, t0').expect(1).sys('kill', 's1', 9).expect(0).sys('wait4', 's1', '&status', 0, 0).expect('s1').expectAt('status', 9, 4).passes();
  });

  it('let a handler return although memory is full: the page it returns through needs none', () => {
    const g = sigaction(new Guest(), 7, 'handler').data('.balign 8\nhits: .dword 0').sys('mmap', 0, 0x800000, 3, 0x4022, -1, 0).asm('mv s0, a0\nli s1, 0x800\nli s2, 4096\naddi sp, sp, -1024\naddi sp, sp, -1024\nsd zero, 0(sp)');
    g.asm('.option norvc\nfill: sd s0, 0(s0)\nadd s0, s0, s2\naddi s1, s1, -1\nbnez s1, fill\nla t0, hits\nld t0, 0(t0)\nsltu a0, zero, t0').expect(1);
    g.sub('handler: la t0, hits\nld t1, 0(t0)\naddi t1, t1, 1\nsd t1, 0(t0)\nld t0, 176(a2)\naddi t0, t0, 4\nsd t0, 176(a2)\nret').passes({ ramSize: 2 ** 22 });
  }, 20_000);

  it('use the alternate stack where the handler asks for it', () => {
    const g = sigaction(new Guest(), 11, 'handler', 0x0800_0000).data('.balign 16\nss: .dword alt, 0, 4096\nold: .dword -1, -1, -1\nalt: .zero 4096\nalttop: .dword 0\nsaw: .dword 0');
    g.sys('sigaltstack', '&ss', '&old').expect(0).expectAt('old', 0).asm('la t0, old\nlw t0, 8(t0)').expect(2, 't0').asm('li sp, 8\nld t0, 0(zero)\nback:');
    g.asm('la t0, alt\nla t1, saw\nld t1, 0(t1)\nsltu a0, t0, t1').expect(1).asm('la t0, alttop\nsltu a0, t1, t0').expect(1).asm('li t0, 8\nsub a0, sp, t0').expect(0);
    g.sub('handler: la t0, saw\nsd sp, 0(t0)\nla t1, back\nsd t1, 176(a2)\nret').passes();
  });
});

describe('bad arguments of signal calls', () => {
  it('are answered as Linux answers them', () => {
    const g = new Guest().data('.balign 8\na: .dword 0, 0, 0\nset: .dword 0\nsmall: .dword a, 0, 2047\nflags: .dword a, 99, 8192');
    for (const signal of [0, -1, 65, 9, 19]) g.sys('rt_sigaction', signal, '&a', 0, 8).expect(LINUX.EINVAL);
    g.sys('rt_sigaction', 9, 0, '&a', 8).expect(0).sys('rt_sigaction', 10, '&a', 0, 16).expect(LINUX.EINVAL).sys('rt_sigaction', 10, 8, 0, 8).expect(LINUX.EFAULT).sys('rt_sigaction', 10, 0, 8, 8).expect(LINUX.EFAULT);
    g.sys('rt_sigprocmask', 3, '&set', 0, 8).expect(LINUX.EINVAL).sys('rt_sigprocmask', 0, 8, 0, 8).expect(LINUX.EFAULT).sys('rt_sigprocmask', 0, '&set', 8, 8).expect(LINUX.EFAULT).sys('rt_sigprocmask', 0, '&set', 0, 4).expect(LINUX.EINVAL);
    g.sys('kill', 1, 0).expect(0).sys('kill', 1, 65).expect(LINUX.EINVAL).sys('kill', 99, 10).expect(LINUX.ESRCH).sys('kill', -7, 10).expect(LINUX.ESRCH).sys('tgkill', 1, 2, 10).expect(LINUX.ESRCH).sys('tgkill', 0, 1, 10).expect(LINUX.EINVAL);
    g.sys('sigaltstack', '&small', 0).expect(LINUX.ENOMEM).sys('sigaltstack', '&flags', 0).expect(LINUX.EINVAL).sys('sigaltstack', 8, 0).expect(LINUX.EFAULT).sys('sigaltstack', 0, 8).expect(LINUX.EFAULT);
    g.sys('rt_sigpending', '&set', 9).expect(LINUX.EINVAL).sys('rt_sigpending', 8, 8).expect(LINUX.EFAULT).passes();
  });
});
