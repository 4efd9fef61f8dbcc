/** What a debugger sees of the kernel's side: threads, forks, devices that are mapped, page tables, monitor commands. */
import { describe, expect, it } from 'vitest';
import { FramebufferDevice } from '../../drivers/framebuffer/device.js';
import { framebufferDriver } from '../../drivers/framebuffer/driver.js';
import { RegbankDevice } from '../../drivers/regbank/device.js';
import { regbankDriver } from '../../drivers/regbank/driver.js';
import { debug, digits } from './client.js';

const hex = (n: number): string => n.toString(16);
const call = (number: number, ...args: (number | string)[]): string =>
  `${args.map((arg, i) => (typeof arg === 'string' ? ` la a${i}, ${arg}\n` : ` li a${i}, ${arg}\n`)).join('')} li a7, ${number}\n ecall\n`;
const [CLONE, EXIT, OPENAT, MMAP, WAIT4, FUTEX] = [220, 93, 56, 222, 260, 98];

/** A second thread of the process, which sets `flag` and wakes the first. */
const THREADS = `
_start: ${call(CLONE, 0x50f00, 'stack', 0, 0, 0)}
        beqz a0, other
wait:   ${call(FUTEX, 'flag', 0, 0, 0)}
        la t0, flag
        lw a0, 0(t0)
        beqz a0, wait
        ${call(94, 4)}
other:  li t1, 1
        la t0, flag
set:    sw t1, 0(t0)
        ${call(FUTEX, 'flag', 1, 1)}
        ${call(EXIT, 0)}
        .data
        .balign 16
        .zero 256
stack:
flag:   .word 0
`;

/** A child that exits with 7 at once; the parent exits with what wait4 tells. */
const FORK = `
_start: ${call(CLONE, 17, 0, 0, 0, 0).replaceAll('la a1, 0', 'li a1, 0')}
        beqz a0, child
parent: ${call(WAIT4, -1, 'status', 0, 0)}
        la t0, status
        lw a0, 0(t0)
        srli a0, a0, 8
        li a7, 93
        ecall
child:  li a0, 7
        li a7, 93
leave:  ecall
        .data
status: .word 0
`;

describe('threads of a process', () => {
  it('stop together, and one of them may run alone', () => {
    const { client, at } = debug(THREADS);
    client.ask(`Z0,${hex(at('set'))},4`);
    expect(client.ask('vCont;c')).toMatch(/^T05swbreak:;thread:p1\.2;/);
    expect([client.ask('qfThreadInfo'), client.ask('qsThreadInfo')]).toEqual(['mp1.1,p1.2', 'l']);
    expect(Buffer.from(client.ask('qThreadExtraInfo,p1.2'), 'hex').toString()).toMatch(/^program, hart 0, \d+ instructions$/);
    client.ask(`z0,${hex(at('set'))},4`);
    expect(client.ask('vCont;s:p1.2')).toMatch(new RegExp(`thread:p1\\.2;.*20:${digits(at('set') + 4)};`));
    expect([client.ask('Hgp1.2'), client.ask('p6'), client.ask('Hgp1.1'), client.ask('p20')]).toEqual(['OK', digits(1), 'OK', expect.not.stringMatching(digits(at('set') + 4))]);
    expect(client.ask('vCont;c')).toBe('W04;process:1');
  });

  it('of which the one that runs ends the process while the other is held: both end', () => {
    const { client, at } = debug(THREADS.replace(call(EXIT, 0), call(94, 9)));
    client.ask(`Z0,${hex(at('set'))},4`);
    client.ask('vCont;c');
    client.ask(`z0,${hex(at('set'))},4`);
    expect(client.ask('vCont;c:p1.2')).toBe('W09;process:1');
  });

  it('of which the one that runs waits for the one that is held: a stop, not a deadlock', () => {
    const { client, at } = debug(THREADS);
    client.ask(`Z0,${hex(at('set'))},4`);
    client.ask('vCont;c');
    client.ask(`z0,${hex(at('set'))},4`);
    expect(client.ask('vCont;c:p1.1')).toMatch(/^T02thread:p1\.2;/);
    expect(client.ask('vCont;c')).toBe('W04;process:1');
  });
});

describe('a fork', () => {
  it('makes a child that runs without the debugger, unless the debugger knows forks', () => {
    const { client, at } = debug(FORK);
    client.ask(`Z0,${hex(at('leave'))},4`);
    expect(client.ask('vCont;c')).toBe('W07;process:1');
  });

  it('is an event to a debugger that knows forks; the child may be debugged or let go', () => {
    const followed = debug(FORK, 'multiprocess+;swbreak+;fork-events+');
    expect(followed.client.ask('vCont;c')).toMatch(/^T05fork:p2\.2;thread:p1\.1;/);
    expect(followed.client.ask('qfThreadInfo')).toBe('mp1.1,p2.2');
    expect(followed.client.ask('Hgp2.2')).toBe('OK');
    expect(followed.client.ask(`Z0,${hex(followed.at('leave'))},4`)).toBe('OK');
    expect(followed.client.ask('vCont;c')).toMatch(/^T05swbreak:;thread:p2\.2;/);
    expect(followed.client.ask('pa')).toBe(digits(7));
    expect(followed.client.ask(`z0,${hex(followed.at('leave'))},4`)).toBe('OK');
    expect(followed.client.ask('vCont;c')).toBe('W07;process:2');
    expect(followed.target.over).toBe(false);
    expect(followed.client.ask('vCont;c')).toBe('W07;process:1');
    const parted = debug(FORK, 'multiprocess+;fork-events+').client;
    parted.ask('vCont;c');
    expect(parted.ask('D;2')).toBe('OK');
    expect(parted.session.ended).toBeUndefined();
    expect(parted.ask('vCont;c')).toBe('W07;process:1');
  });
});

/** Maps a page of each device, leaves their addresses in s0 and s1. */
const DEVICES = `
_start: ${call(OPENAT, -100, 'fb', 2, 0)}
        mv t5, a0
        li a0, 0
        li a1, 0x2000
        li a2, 3
        li a3, 1
        mv a4, t5
        li a5, 0
        li a7, ${MMAP}
        ecall
        mv s0, a0
        ${call(OPENAT, -100, 'regs', 2, 0)}
        mv a4, a0
        li a0, 0
        li a1, 0x1000
        li a2, 3
        li a3, 1
        li a5, 0
        li a7, ${MMAP}
        ecall
        mv s1, a0
ready:  ${call(EXIT, 0)}
        .data
fb:     .asciz "/dev/fb0"
regs:   .asciz "/dev/regs0"
`;

describe('mapped devices', () => {
  const framebuffer = new FramebufferDevice({ width: 64, height: 64 });
  const devices = [
    { path: 'fb0', hardware: framebuffer, driver: framebufferDriver }, { path: 'regs0', hardware: new RegbankDevice(), driver: regbankDriver },
  ];
  const ready = (): ReturnType<typeof debug> & { fb: string; regs: string } => {
    const d = debug(DEVICES, 'multiprocess+', { devices });
    d.client.ask(`Z0,${hex(d.at('ready'))},4`);
    d.client.ask('vCont;c');
    const address = (register: number): string => BigInt(`0x${d.client.ask(`p${hex(register)}`).match(/../g)!.toReversed().join('')}`).toString(16);
    return { ...d, fb: address(8), regs: address(9) };
  };

  it('are read and written like memory where they are memory: the page is loaded through the driver', () => {
    const { client, fb } = ready();
    expect(client.ask(`M${fb},4:01020304`)).toBe('OK');
    expect([...framebuffer.memory.read(0, 4)]).toEqual([1, 2, 3, 4]);
    framebuffer.memory.write(4, Uint8Array.of(9));
    expect(client.ask(`m${fb},5`)).toBe('0102030409');
  });

  it('are left alone where they are registers, and say how to read them', () => {
    const { client, regs } = ready();
    expect(client.monitor('why')).toBe('no memory access was refused\n');
    expect(client.ask(`m${regs},4`)).toBe('E0e');
    expect(client.monitor('why')).toMatch(/device register.*device-read/);
    expect(client.ask(`M${regs},1:00`)).toBe('E0e');
    client.ask('qSupported:multiprocess+;error-message+');
    expect(client.ask(`m${regs},4`)).toMatch(/^E\..*device register.*device-read/);
    expect(client.monitor(`device-read 0x${regs} 4`)).toMatch(/^0x[0-9a-f]{8}\n$/);
    for (const bad of ['', '0x0 4', `0x${regs} 3`, 'x', `0x${regs} 4 4`, '0xffffffffffffffff']) expect(client.monitor(`device-read ${bad}`)).not.toMatch(/^0x/);
    expect(client.monitor(`device-write 0x${regs} 4 0`)).toMatch(/written|SIGBUS/);
    expect(client.monitor('device-write 1')).toContain('a value');
  });

  it('are listed with driver, offset and devmap handles; page tables and TLBs are shown', () => {
    const { client, fb, at } = ready();
    client.ask(`m${fb},4`);
    const mappings = client.monitor('mappings');
    expect(mappings).toMatch(/device \S+, driver \S+, offset 0x0, by devmap\(9E\)/);
    expect(mappings).toMatch(new RegExp(`handle h\\d+ 0x${fb}\\+0x2000 offset 0x0`));
    expect(client.monitor('processes')).toBe('1 program\n');
    expect(client.monitor(`pagetable 0x${hex(at('ready'))}`)).toMatch(/level 2: entry 0 at .*\nlevel 1: entry 0 at .*\nlevel 0: .*: da.ux.rv, 4K leaf, physical address 0x8[0-9a-f]+\n$/);
    expect(client.monitor(`pagetable 0x${fb}`)).toContain('leaf');
    expect(client.monitor('pagetable 0x3000000000')).toContain('not valid');
    expect(client.monitor('pagetable nowhere')).toBe('nowhere is no user address\n');
    expect(client.monitor('pagetable')).toMatch(/0x10000-0x1[0-9a-f]000 -> 0x8[0-9a-f]+-0x8[0-9a-f]+ 4K/);
    expect(client.monitor('tlb')).toMatch(/^hart 0: satp mode 8, asid \d+/);
    expect(client.monitor('help')).toContain('monitor mappings');
    expect(client.monitor('constructor')).toContain('no monitor command "constructor"');
  });
});
