/** Debugging a bare machine through the protocol: harts as threads, CSRs, physical and translated addresses, devices left alone. */
import { describe, expect, it } from 'vitest';
import { BareTarget } from '../../src/debug/index.js';
import { machineOf, RAM } from '../bare/kit.js';
import { Client, digits, frame } from './client.js';

const hex = (n: number): string => n.toString(16);
/** mscratch = 1, 2, ...; ten times; then the finisher with PASS. */
const COUNT = `
_start: li t0, 0
loop:   addi t0, t0, 1
        csrw mscratch, t0
        sw t0, 256(sp)
        li t1, 10
        bne t0, t1, loop
        li t2, FINISHER
        li t3, 0x5555
        sw t3, 0(t2)
1:      j 1b
`;

function debugged(source: string, o: { harts?: number; maxInstructions?: number } = {}): { client: Client; target: BareTarget; machine: ReturnType<typeof machineOf>['machine']; at: (offset: number) => number } {
  const { machine } = machineOf(source, o.harts === undefined ? {} : { harts: o.harts });
  for (const hart of machine.harts) hart.setX(2, BigInt(RAM + 0x1000));
  const target = new BareTarget({ machine, path: '/guests/bare', ...(o.maxInstructions === undefined ? {} : { maxInstructions: o.maxInstructions }) });
  const client = new Client(target);
  client.ask('qSupported:multiprocess+;swbreak+');
  return { client, target, machine, at: (offset) => RAM + offset };
}

describe('a bare machine', () => {
  it('begins stopped, describes CSRs and the privilege mode, and ends with the exit code of the finisher', () => {
    const { client, target } = debugged(COUNT);
    expect(client.ask('?')).toMatch(new RegExp(`^T05thread:p1\\.1;.*20:${digits(RAM)};`));
    const xml = client.ask('qXfer:features:read:target.xml:0,1fff');
    expect(xml).toContain('name="mscratch"');
    expect(xml).toContain('name="priv"');
    expect(xml).not.toContain('<osabi>');
    expect(client.ask('p1041')).toBe(digits(3));
    expect(client.ask('vCont;c')).toBe('W00;process:1');
    expect(target.result).toEqual({ status: 'exited', code: 0 });
  });

  it('stops at breakpoints and watchpoints, reads and writes CSRs by the numbers gdb has for them', () => {
    const { client, at } = debugged(COUNT);
    client.ask(`Z0,${hex(at(8))},4`);
    expect(client.ask('vCont;c')).toMatch(/^T05swbreak:;/);
    client.ask(`z0,${hex(at(8))},4`);
    expect(client.ask('vCont;s:p1.1')).toContain(`20:${digits(at(12))};`);
    // mscratch is CSR 0x340, register 65 + 0x340.
    expect(client.ask('p381')).toBe(digits(1));
    expect(client.ask(`P381=${digits(77)}`)).toBe('OK');
    expect(client.ask('p381')).toBe(digits(77));
    client.ask(`Z2,${hex(RAM + 0x1100)},4`);
    expect(client.ask('vCont;c')).toContain(`watch:${hex(RAM + 0x1100)};`);
    client.ask(`z2,${hex(RAM + 0x1100)},4`);
    client.ask('vCont;s:p1.1');
    expect(client.ask(`m${hex(RAM + 0x1100)},4`)).toBe('01000000');
    expect(client.ask(`M${hex(RAM + 0x1100)},4:0a0b0c0d`)).toBe('OK');
    expect(client.ask(`m${hex(RAM + 0x1100)},4`)).toBe('0a0b0c0d');
  });

  it('does not touch device registers, unless it is asked to by name', () => {
    const { client } = debugged(COUNT);
    expect(client.ask('m10000000,1')).toBe('E0e');
    expect(client.monitor('why')).toMatch(/register of uart/);
    expect(client.ask('M100000,4:55550000')).toBe('E0e');
    expect(client.ask('m0,4')).toMatch(/^E/);
    expect(client.ask('mffffffffffffff00,4')).toMatch(/^E/);
    // The line status register says that the transmitter is empty.
    expect(client.monitor('device-read 0x10000005 1')).toBe('0x60\n');
    expect(client.monitor('device-read 0x10000005 4')).toContain('error');
    expect(client.monitor('device-read zero')).toContain('address');
    expect(client.monitor('memory')).toMatch(/0x80000000-0x80100000 RAM/);
    expect(client.monitor('harts')).toBe('hart 0, machine mode, 0 instructions\n');
    expect(client.monitor('pagetable')).toBe('hart 0 does not translate\n');
    expect(client.monitor('tlb')).toContain('hart 0');
    expect(client.monitor('')).toContain('monitor help');
  });

  it('has harts as threads; one may run while another is held', () => {
    const { client, machine } = debugged('_start: addi t0, t0, 1\n j _start\n', { harts: 2 });
    expect(client.ask('qfThreadInfo')).toBe('mp1.1,p1.2');
    expect(client.ask('vCont;s:p1.2')).toMatch(/thread:p1\.2;/);
    expect(machine.harts.map((hart) => hart.instret)).toEqual([0, 1]);
    client.ask(`Z0,${hex(RAM)},4`);
    client.ask(`P20=${digits(RAM + 4)}`);
    expect(client.ask('vCont;c:p1.2')).toMatch(/^T05swbreak:;thread:p1\.2;/);
    expect(machine.harts.map((hart) => hart.instret)).toEqual([0, 2]);
    client.ask(`z0,${hex(RAM)},4`);
    client.raw('$vCont;c#a8');
    for (let n = 0; n < 3; n++) expect(client.session.run(() => true).kind).toBe('slice');
    client.raw('\u0003');
    client.session.run(() => false);
    expect(client.take()).toMatch(/\$T02thread:p1\.\d;/);
    expect(machine.harts.every((hart) => hart.instret > 2)).toBe(true);
    expect(client.ask('Hgp1.1')).toBe('OK');
    expect(client.ask('Hgp1.3')).toMatch(/^E/);
  });

  it('whose lone hart waits forever can be interrupted while others are held, and is over where nobody is', () => {
    const held = debugged('_start: wfi\n j _start\n', { harts: 2 });
    held.client.raw(frame('vCont;c:p1.1'));
    expect(held.client.session.run(() => true).kind).toBe('slice');
    held.client.raw('\u0003');
    held.client.session.run(() => false);
    expect(held.client.take()).toMatch(/\$T02/);
    expect(debugged('_start: wfi\n j _start\n').client.ask('vCont;c')).toBe('X06;process:1');
  });

  it('goes on when the debugger lets go; ends at the limit', () => {
    const { client, machine } = debugged(COUNT);
    client.ask(`Z0,${hex(RAM)},4`);
    expect(client.ask('D;1')).toBe('OK');
    expect(client.session.ended).toBe('detached');
    expect(machine.run()).toEqual({ status: 'exited', code: 0 });
    const { client: limited, target } = debugged('_start: j _start\n', { maxInstructions: 500 });
    expect(limited.ask('vCont;c')).toBe('X18;process:1');
    expect(target.result).toEqual({ status: 'limit' });
    expect(limited.ask('g')).toMatch(/^E/);
  });

  it('shows memory as the hart translates it, and its page tables', () => {
    // A one-gigabyte leaf maps virtual 0xffffffc000000000 to physical 0x80000000; the root is at RAM + 0x2000.
    const { client, machine } = debugged('_start: j _start\n');
    const root = RAM + 0x2000;
    client.ask(`M${hex(root + 256 * 8)},8:${digits(((BigInt(RAM) >> 12n) << 10n) | 0xcfn)}`);
    client.ask(`M${hex(RAM + 0x40)},4:deadbeef`);
    client.ask(`P1c1=${digits((8n << 60n) | BigInt(root / 4096))}`);
    client.ask(`P1041=${digits(1)}`);
    expect(machine.harts[0]!.traps.mode).toBe(1);
    expect(client.ask('mffffffc000000040,4')).toBe('deadbeef');
    expect(client.ask('m80000040,4')).toMatch(/^E/);
    expect(client.monitor('pagetable 0xffffffc000000040')).toMatch(/1G leaf, physical address 0x80000040/);
    expect(client.monitor('pagetable')).toMatch(/0xffffffc000000000-0xffffffc040000000 -> 0x80000000-0xc0000000 1G da---xwrv|0xffffffc000000000-0xffffffc040000000 -> 0x80000000-0xc0000000 1G/);
    expect(client.monitor('pagetable 0x4000000000000000')).toContain('is no address');
  });
});
