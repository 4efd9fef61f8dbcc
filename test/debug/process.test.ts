/** Debugging a process through the protocol: the answers the manual's appendix E describes, for a program of a few instructions. */
import { describe, expect, it } from 'vitest';
import { debug, digits, value } from './client.js';

/** counter = 6 + 5 + ... + 1, written to memory each time; then exit(counter). */
const SUM = `
_start: li t0, 6
        la t1, counter
loop:   lw t2, 0(t1)
add:    add t2, t2, t0
store:  sw t2, 0(t1)
        addi t0, t0, -1
        bnez t0, loop
        mv a0, t2
        li a7, 93
done:   ecall
        .data
before: .word 0x11111111
counter: .word 0
after:  .word 0x22222222
`;
const hex = (n: number): string => n.toString(16);
const PC = 0x20;
const T0 = 5;
const T2 = 7;

describe('a process', () => {
  it('is stopped before its first instruction, and says so', () => {
    const { client, at } = debug(SUM);
    const reply = client.ask('?');
    expect(reply).toMatch(/^T05thread:p1\.1;/);
    expect(reply).toContain(`20:${digits(at('_start'))};`);
  });

  it('without the multiprocess extension has threads of one number', () => {
    const { client } = debug(SUM, 'swbreak+');
    expect(client.ask('?')).toMatch(/^T05thread:1;/);
    expect(client.ask('qC')).toBe('QC1');
    expect(client.ask('qfThreadInfo')).toBe('m1');
    client.ask('vCont;c');
    expect(client.ask('?')).toBe('W15');
  });

  it('tells its features and describes its registers', () => {
    const { client } = debug(SUM);
    const features = client.ask('qSupported:multiprocess+;xmlRegisters=i386').split(';');
    for (const feature of ['QStartNoAckMode+', 'vContSupported+', 'qXfer:features:read+', 'multiprocess+']) expect(features).toContain(feature);
    expect(features).not.toContain('swbreak+');
    let xml = '';
    for (let more = true; more;) {
      const part = client.ask(`qXfer:features:read:target.xml:${hex(xml.length)},400`);
      more = part.startsWith('m');
      xml += part.slice(1);
    }
    expect(xml).toContain('<architecture>riscv:rv64</architecture>');
    for (const feature of ['cpu', 'fpu', 'csr']) expect(xml).toContain(`<feature name="org.gnu.gdb.riscv.${feature}">`);
    expect(xml).toContain('<reg name="pc" bitsize="64" type="code_ptr" regnum="32"/>');
    expect(xml).toContain('<reg name="fcsr" bitsize="32" type="int" regnum="68"/>');
    expect([...xml.matchAll(/<reg /g)]).toHaveLength(33 + 35 + 3);
    expect(client.ask('qXfer:features:read:other.xml:0,100')).toBe('E00');
    expect(client.ask(`qXfer:features:read:target.xml:${hex(xml.length + 1)},1`)).toMatch(/^E/);
    expect(client.ask('qXfer:exec-file:read:1:0,100')).toBe('l/guests/program');
  });

  it('has registers: all, one by one, written, refused', () => {
    const { client, at } = debug(SUM);
    const all = client.ask('g');
    expect(all).toHaveLength(33 * 16);
    expect(value(all.slice(PC * 16))).toBe(BigInt(at('_start')));
    expect(client.ask(`P${hex(T0)}=${digits(-2)}`)).toBe('OK');
    expect(client.ask(`p${hex(T0)}`)).toBe('feffffffffffffff');
    expect(client.ask(`G${'x'.repeat(16)}${digits(77)}${'x'.repeat(16 * 31)}`)).toBe('OK');
    expect(client.ask('p1')).toBe(digits(77));
    expect(client.ask(`p${hex(T0)}`)).toBe(digits(-2));
    expect(client.ask(`P0=${digits(5)}`)).toBe('OK');
    expect(client.ask('p0')).toBe(digits(0));
    expect(client.ask(`P21=${digits(2n ** 62n)}`)).toBe('OK');
    expect(client.ask('p21')).toBe(digits(2n ** 62n));
    expect(client.ask('P44=ff000000')).toBe('OK');
    expect([client.ask('p42'), client.ask('p43'), client.ask('p44')]).toEqual(['1f000000', '07000000', 'ff000000']);
    expect(client.ask('P43=02000000')).toBe('OK');
    expect(client.ask('p44')).toBe('5f000000');
    for (const bad of ['p1000', 'pzz', 'p', 'P5', 'P5=', 'P5=00', `P1000=${digits(0)}`, `G${digits(0)}`, 'g0']) expect(client.ask(bad)).toMatch(/^E/);
    expect(client.ask(`Pc41=${digits(1)}`)).toMatch(/^E/);
  });

  it('keeps a pc that is no address bit for bit, before and after the fault it is', () => {
    for (const nowhere of [0x4141414141414140n, 0x8000000000000004n]) {
      const { client } = debug(SUM);
      expect(client.ask(`P20=${digits(nowhere)}`)).toBe('OK');
      expect(client.ask('p20')).toBe(digits(nowhere));
      expect(client.ask('vCont;c')).toMatch(new RegExp(`^T0b.*;20:${digits(nowhere)};`));
      expect(client.ask('p20')).toBe(digits(nowhere));
    }
  });

  it('has memory, read and written in digits and in bytes, code among it', () => {
    const { client, at } = debug(SUM);
    const counter = at('counter');
    expect(client.ask(`m${hex(counter - 4)},c`)).toBe('111111110000000022222222');
    expect(client.ask(`x${hex(counter - 4)},4`)).toBe('b\u0011\u0011\u0011\u0011');
    expect(client.ask(`M${hex(counter)},2:0102`)).toBe('OK');
    expect(client.ask(`X${hex(counter + 2)},2:\u0003}\u0004`)).toBe('OK');
    expect(client.ask(`m${hex(counter)},4`)).toBe('01020324');
    expect(client.ask(`X${hex(counter)},0:`)).toBe('OK');
    // The end of what is mapped cuts a read short; nothing at all is an error.
    expect(client.ask('m0,8')).toMatch(/^E/);
    expect(client.ask('mffffffffffffffff,1')).toMatch(/^E/);
    expect(client.ask('mffffffffffffffff,2')).toMatch(/^E/);
    expect(client.ask('m3ffffefff8,10')).toMatch(/^([0-9a-f]{16}|[0-9a-f]{32})$/);
    expect(client.ask('M0,1:00')).toMatch(/^E/);
    for (const bad of ['m', 'm10000', 'm10000,', 'm10000,zz', 'm10000,1,1', 'm10000,ffffffffffffffffff', `M${hex(counter)},4:00`, `M${hex(counter)},1:0`, `M${hex(counter)},1`]) {
      expect(client.ask(bad)).toMatch(/^E/);
    }
    expect(client.ask('m10000,ffffffff').length).toBeLessThan(0x4000);
    // addi t0, zero, 9 in the place of the first instruction: 0x00900293.
    expect(client.ask(`M${hex(at('_start'))},4:93029000`)).toBe('OK');
    client.ask('vCont;s:p1.1');
    expect(client.ask(`p${hex(T0)}`)).toBe(digits(9));
  });

  it('steps an instruction at a time, a system call as one', () => {
    const { client, machine, at } = debug(SUM);
    for (let n = 1; n <= 4; n++) {
      expect(client.ask('vCont;s:p1.1')).toContain(`20:${digits(at('_start') + 4 * n)};`);
      expect(machine.statistics().instructions).toBe(n);
    }
    expect(client.ask('s')).toMatch(/^T05/);
    const call = debug('_start: li a7, 172\n ecall\nafter: j after\n');
    call.client.ask('s');
    expect(call.client.ask('s')).toContain(`20:${digits(call.at('after'))};`);
    expect(call.client.ask('pa')).toBe(digits(1));
    expect(call.client.ask(`s${hex(call.at('_start'))}`)).toContain(`20:${digits(call.at('_start') + 4)};`);
  });

  it('stops at breakpoints, each time, until they are gone', () => {
    const { client, machine, at } = debug(SUM);
    expect(client.ask(`Z0,${hex(at('store'))},4`)).toBe('OK');
    expect(client.ask(`Z0,${hex(at('store'))},4`)).toBe('OK');
    for (let sum = 6, add = 5; add >= 3; sum += add--) {
      const reply = client.ask('vCont;c');
      expect(reply).toMatch(/^T05swbreak:;thread:p1\.1;/);
      expect(client.ask(`p${hex(T2)}`)).toBe(digits(sum));
      client.ask(`z0,${hex(at('store'))},4`);
      expect(client.ask('vCont;s:p1.1;c')).not.toContain('swbreak');
      client.ask(`Z0,${hex(at('store'))},4`);
    }
    expect(client.ask(`z0,${hex(at('store'))},4`)).toBe('OK');
    expect(client.ask('c')).toBe('W15;process:1');
    expect(machine.statistics().instructions).toBe(3 + 6 * 5 + 3);
    expect(client.ask('?')).toBe('W15;process:1');
    expect(client.ask('g')).toMatch(/^E/);
  });

  it('stops before accesses to watched bytes and names the address', () => {
    const { client, at } = debug(SUM);
    const counter = at('counter');
    expect(client.ask(`Z2,${hex(counter + 2)},1`)).toBe('OK');
    const first = client.ask('vCont;c');
    expect(first).toContain(`watch:${hex(counter + 2)};`);
    expect(first).toContain(`20:${digits(at('store'))};`);
    expect(client.ask(`m${hex(counter)},4`)).toBe('00000000');
    expect(client.ask(`z2,${hex(counter + 2)},1`)).toBe('OK');
    client.ask('vCont;s:p1.1');
    expect(client.ask(`m${hex(counter)},4`)).toBe('06000000');
    client.ask(`Z3,${hex(counter)},4`);
    expect(client.ask('vCont;c')).toContain(`rwatch:${hex(counter)};`);
    expect(client.ask('p20')).toBe(digits(at('loop')));
    client.ask(`z3,${hex(counter)},4`);
    client.ask(`Z4,${hex(counter - 4)},8`);
    expect(client.ask('vCont;c')).toMatch(new RegExp(`awatch:${hex(counter)};`));
    client.ask(`z4,${hex(counter - 4)},8`);
    client.ask(`Z2,${hex(counter + 4)},4`);
    expect(client.ask('vCont;c')).toBe('W15;process:1');
  });

  it('refuses stops that cannot be', () => {
    const { client, at } = debug(SUM);
    for (const bad of ['Z0', 'Z0,', 'Z0,10000', 'Z0,zz,4', 'Z2,10000,0', 'Z0,ffffffffffffff00,4', `Z0,${hex(at('loop') + 1)},4`, 'Z2,ffffffffffffffff,8', 'z0,x,4', 'Zz,1,1']) {
      expect(client.ask(bad)).toMatch(/^E/);
    }
    expect(client.ask('Z5,10000,4')).toBe('');
  });

  it('is interrupted while it runs, by the byte or by vCtrlC, and runs nothing while it stands', () => {
    const { client, machine } = debug('_start: addi t0, t0, 1\n j _start\n');
    const go = (interrupt: string): string => {
      client.raw('$vCont;c#a8');
      let asked = 0;
      expect(client.session.run(() => ++asked > 5).kind).toBe('slice');
      client.take();
      client.raw(interrupt);
      client.session.run(() => false);
      return client.take();
    };
    expect(go('\u0003')).toMatch(/^\$T02thread:p1\.1;/);
    const { instructions } = machine.statistics();
    expect(client.raw('\u0003')).toBe('');
    client.ask('g');
    client.ask('m10000,4');
    expect(machine.statistics().instructions).toBe(instructions);
    expect(go('$vCtrlC#4e')).toMatch(/\$T02thread:p1\.1;/);
    expect(machine.statistics().instructions).toBeGreaterThan(instructions);
  });

  it('tells of signals, which the debugger may drop, pass on or change', () => {
    const bad = '_start: ld t0, 8(zero)\nnext: li a0, 1\n li a7, 93\n ecall\n';
    const dropped = debug(bad);
    expect(dropped.client.ask('vCont;c')).toMatch(/^T0bthread/);
    dropped.client.ask(`P20=${digits(dropped.at('next'))}`);
    expect(dropped.client.ask('vCont;c')).toBe('W01;process:1');
    const passed = debug(bad);
    passed.client.ask('vCont;c');
    expect(passed.client.ask('vCont;C0b')).toBe('X0b;process:1');
    expect(passed.target.result).toMatchObject({ status: 'signaled', signal: 11 });
    const changed = debug(bad);
    changed.client.ask('vCont;c');
    expect(changed.client.ask('C0f')).toBe('X0f;process:1');
    const sent = debug('_start: j _start\n');
    expect(sent.client.ask('vCont;C0f')).toMatch(/^T0fthread/);
    expect(sent.client.ask('vCont;C0f')).toBe('X0f;process:1');
    const breakpoint = debug('_start: ebreak\n');
    expect(breakpoint.client.ask('c')).toMatch(/^T05thread/);
  });

  it('goes on by itself when the debugger lets go, and when it is gone', () => {
    for (const leave of [(d: ReturnType<typeof debug>) => void d.client.ask('D;1'), (d: ReturnType<typeof debug>) => void d.client.ask('D'), (d: ReturnType<typeof debug>) => d.client.session.disconnected()]) {
      const d = debug(SUM);
      d.client.ask(`Z0,${hex(d.at('store'))},4`);
      d.client.ask('vCont;c');
      leave(d);
      expect(d.client.session.ended).toBe('detached');
      expect(d.machine.run()).toEqual({ status: 'exited', code: 21 });
    }
    expect(debug(SUM).client.ask('D;7')).toMatch(/^E/);
  });

  it('is killed', () => {
    const d = debug(SUM);
    expect(d.client.raw('$k#6b')).toBe('+');
    expect(d.client.session.ended).toBe('killed');
    const other = debug(SUM).client;
    expect(other.ask('vKill;2')).toMatch(/^E/);
    expect(other.ask('vKill;1')).toBe('OK');
    expect(other.session.ended).toBe('killed');
  });

  it('at the instruction limit is reported as ended', () => {
    const { client, target, machine } = debug('_start: j _start\n', 'multiprocess+', {}, { maxInstructions: 1000 });
    expect(client.ask('vCont;c')).toBe('X18;process:1');
    expect([target.result, machine.statistics().instructions]).toEqual([{ status: 'limit' }, 1000]);
  });

  it('that waits for input stays where it is until there is some, and may be interrupted', () => {
    const input: Uint8Array[] = [];
    const read = '_start: li a0, 0\n la a1, buffer\n li a2, 1\n li a7, 63\n ecall\n lbu a0, 0(a1)\n li a7, 93\n ecall\n.data\nbuffer: .byte 0\n';
    const { client, machine } = debug(read, 'multiprocess+', { stdin: () => input.shift() });
    client.raw('$vCont;c#a8');
    expect(client.session.run(() => false).kind).toBe('waiting');
    client.raw('\u0003');
    expect(client.session.run(() => false).kind).toBe('event');
    expect(client.take()).toMatch(/\$T02thread:p1\.1;/);
    input.push(Uint8Array.of(9));
    machine.stdinReady();
    expect(client.ask('vCont;c')).toBe('W09;process:1');
  });
});

describe('threads', () => {
  it('are listed, described, selected', () => {
    const { client } = debug(SUM);
    expect([client.ask('qfThreadInfo'), client.ask('qsThreadInfo'), client.ask('qC')]).toEqual(['mp1.1', 'l', 'QCp1.1']);
    expect(Buffer.from(client.ask('qThreadExtraInfo,p1.1'), 'hex').toString()).toContain('program');
    for (const good of ['Tp1.1', 'Hgp1.1', 'Hg0', 'Hgp0.0', 'Hc-1', 'Hgp1.-1', 'Hg1']) expect(client.ask(good)).toBe('OK');
    for (const bad of ['Tp1.2', 'Tp2.1', 'T', 'Hgp2.1', 'Hx1', 'Hg', 'Hgz', 'qThreadExtraInfo,p9.9', 'qThreadExtraInfo']) expect(client.ask(bad)).toMatch(/^E/);
  });

  it('that no action of vCont names stay; bad actions are refused', () => {
    const { client } = debug(SUM);
    expect(client.ask('vCont?')).toBe('vCont;c;C;s;S;t');
    for (const bad of ['vCont', 'vCont;', 'vCont;q', 'vCont;c:zz', 'vCont;C', 'vCont;Cx', 'vCont;s:p1.1;bad', 'Cxx', 's zz', 'cxyz']) expect(client.ask(bad)).toMatch(/^E/);
    expect(client.ask('vCont;s:p1.1')).toMatch(/^T05/);
    expect(client.ask('p20')).not.toBe(digits(0));
  });
});
