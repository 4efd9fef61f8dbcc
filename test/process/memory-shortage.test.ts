import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEVEL_SIZE, PAGESIZE } from '../../src/base/index.js';
import { createMachine } from '../../src/machine/index.js';
import type { DeviceConfig, Machine } from '../../src/machine/index.js';
import type { Process } from '../../src/process/index.js';
import {
  D_DEVMAP, D_MP, DDI_DEVICE_ATTR_V0, DDI_NEVERSWAP_ACC, DDI_STRICTORDER_ACC, DDI_SUCCESS, DEVMAP_DEFAULTS, DEVMAP_OPS_REV, EAGAIN, EINVAL, ENOMEM, MAP_SHARED,
  PROT_ALL, PROT_READ, PROT_WRITE, devmap_default_access, devmap_devmem_setup,
} from '../../src/sunddi.js';
import type { DevmapCallbackCtl } from '../../src/sunddi.js';
import { MAP_ANON, MAP_FIXED, MAP_PRIVATE } from '../../src/vm/index.js';

const RW = PROT_READ | PROT_WRITE;
const LARGE = LEVEL_SIZE[1];
const DEVICE_SIZE = 2 ** 30;

const accattr = { devacc_attr_version: DDI_DEVICE_ATTR_V0, devacc_attr_endian_flags: DDI_NEVERSWAP_ACC, devacc_attr_dataorder: DDI_STRICTORDER_ACC };
const callbacks: DevmapCallbackCtl = { devmap_rev: DEVMAP_OPS_REV, access: devmap_default_access };

/** A gigabyte of device memory; with `access` through devmap_access(9E), whose load cannot say that it failed. */
const device = (path: string, access: boolean): DeviceConfig => ({
  path,
  hardware: { name: path, ranges: [{ kind: 'memory', name: 'memory', size: DEVICE_SIZE, align: LARGE }] },
  driver: {
    name: path,
    cb_ops: {
      flag: D_MP | D_DEVMAP,
      devmap: (dev, dhp, off, len, maplen) => {
        if (off < 0 || off + len > DEVICE_SIZE) return EINVAL;
        maplen.value = len;
        return devmap_devmem_setup(dhp, dev.dip, access ? callbacks : null, 0, off, len, PROT_ALL, DEVMAP_DEFAULTS, accattr) === DDI_SUCCESS ? 0 : EINVAL;
      },
    },
  },
});

const smallMachine = (): Machine => createMachine({ ramSize: 2 ** 21, poolSize: 2 ** 20, devices: [device('plain', false), device('asking', true)] });

/** Every frame is as free as at the start when nobody is left. */
function endAll(machine: Machine, free: number): void {
  for (const process of machine.processes()) if (!process.proc.zombie) process.exit(0);
  expect(machine.vm.pages.free).toBe(free);
}

/** Maps anonymous memory, or nothing when that is refused. */
function map(process: Process, request: { len: number; flags: number; fd?: number; off?: number }): number | undefined {
  const mapping = process.mmap({ prot: RW, ...request });
  return 'addr' in mapping ? mapping.addr : undefined;
}

/** Touches pages `step` bytes apart until one is refused; the pages that were not, and the refusal. */
function touchAll(process: Process, addr: number, len: number, step: number = PAGESIZE): { pages: number; refusal: string } {
  for (let at = 0; at < len; at += step) {
    const answer = process.touch(addr + at, 'write');
    if ('signal' in answer) return { pages: at / step, refusal: `${answer.signal} ${answer.reason}` };
  }
  return { pages: len / step, refusal: '' };
}

const SIGBUS = 'SIGBUS no memory is left in the machine';

describe('a process that uses up memory', () => {
  it.each([['private', MAP_PRIVATE], ['shared', MAP_SHARED]])('with %s pages gets SIGBUS, and a fork is refused', (_name, type) => {
    const machine = smallMachine();
    const { free } = machine.vm.pages;
    const parent = machine.createProcess();
    const child = parent.fork();
    if ('errno' in child) throw new Error('no fork with all memory free');
    const addr = map(child, { len: 2 ** 22, flags: type | MAP_ANON })!;
    const { pages, refusal } = touchAll(child, addr, 2 ** 22);
    expect(refusal).toBe(SIGBUS);
    expect(pages).toBeGreaterThan(400);
    expect(parent.fork()).toEqual({ errno: ENOMEM });
    expect(() => machine.createProcess()).toThrow(/memory is used up/);
    child.exit(0);
    expect(parent.fork()).toHaveProperty('pid');
    endAll(machine, free);
  });

  it('with forks is refused the next one, and every child can still end', () => {
    const machine = smallMachine();
    const { free } = machine.vm.pages;
    const parent = machine.createProcess();
    let forks = 0;
    let last = parent.fork();
    for (; 'pid' in last; last = parent.fork()) forks++;
    expect(forks).toBeGreaterThan(200);
    expect([EAGAIN, ENOMEM]).toContain(last.errno);
    endAll(machine, free);
  });

  it.each(['plain', 'asking'])('with page tables of device %s, one page in each 2 MiB, gets SIGBUS until it unmaps some', (path) => {
    const machine = smallMachine();
    const { free } = machine.vm.pages;
    const processes = [machine.createProcess(), machine.createProcess()];
    const mappings: { process: Process; addr: number }[] = [];
    let refusal = '';
    for (let round = 0; refusal === '' && round < 4; round++) {
      for (const process of processes) {
        const fd = process.open(`/dev/${path}`);
        for (let off = 0; refusal === '' && off < DEVICE_SIZE; off += LARGE) {
          const addr = 2 ** 33 + round * DEVICE_SIZE + off;
          const answer = process.mmap({ addr, len: PAGESIZE, prot: RW, flags: MAP_SHARED | MAP_FIXED, fd, off });
          if (!('addr' in answer)) throw new Error('not mapped');
          mappings.push({ process, addr: answer.addr });
          ({ refusal } = touchAll(process, answer.addr, PAGESIZE));
        }
      }
    }
    expect(refusal).toBe(SIGBUS);
    expect(mappings.length).toBeGreaterThan(300);
    const refused = mappings.at(-1)!;
    for (const { process, addr } of mappings.slice(0, 3)) expect(process.munmap(addr, PAGESIZE)).toBe(0);
    expect(touchAll(refused.process, refused.addr, PAGESIZE).refusal).toBe('');
    endAll(machine, free);
  });

  it('cuts holes into more large pages than there are frames', () => {
    const machine = smallMachine();
    const { free } = machine.vm.pages;
    const process = machine.createProcess();
    const fd = process.open('/dev/plain');
    const addr = map(process, { len: DEVICE_SIZE, flags: MAP_SHARED, fd })!;
    expect(touchAll(process, addr, DEVICE_SIZE, LARGE).refusal).toBe('');
    const memory = map(process, { len: 2 ** 22, flags: MAP_PRIVATE | MAP_ANON })!;
    expect(touchAll(process, memory, 2 ** 22).refusal).toBe(SIGBUS);
    const large = Math.ceil(addr / LARGE) * LARGE;
    for (let at = large; at + LARGE <= addr + DEVICE_SIZE; at += LARGE) {
      const hole = at + 5 * PAGESIZE;
      expect(at % (2 * LARGE) === 0 ? process.munmap(hole, PAGESIZE) : process.mprotect(hole, PAGESIZE, PROT_READ)).toBe(0);
      expect(process.touch(hole, 'write')).toHaveProperty('signal', at % (2 * LARGE) === 0 ? 'SIGSEGV' : expect.stringMatching(/SIGSEGV|SIGBUS/));
    }
    expect(process.munmap(memory, 2 ** 22)).toBe(0);
    // What went along with a hole for want of memory is there again.
    expect(process.touch(addr, 'write')).toEqual({ value: 0n });
    endAll(machine, free);
  });
});

/** One random call; numbers choose among what there is. */
const step = fc.record({
  call: fc.constantFrom('mmap', 'touch', 'touch', 'sweep', 'sweep', 'fork', 'munmap', 'mprotect', 'pread', 'exit'),
  who: fc.nat(), what: fc.nat(), kind: fc.nat({ max: 3 }), first: fc.nat({ max: 2047 }), pages: fc.integer({ min: 1, max: 2048 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
interface Mapping { addr: number; len: number }
interface Actor { readonly process: Process; readonly mappings: Mapping[] }
/** What was refused over all runs, so that the property is known to have met a shortage at all. */
const refusals: Set<string> = new Set();

function mapSomething({ process, mappings }: Actor, { kind, first, pages }: Step): void {
  const len = pages * PAGESIZE;
  const fd = kind < 2 ? -1 : process.open(kind === 2 ? '/dev/plain' : '/dev/asking');
  const request = kind < 2 ? { len, flags: (kind === 0 ? MAP_PRIVATE : MAP_SHARED) | MAP_ANON } : { len, flags: MAP_SHARED, fd, off: first * PAGESIZE };
  const addr = map(process, request);
  if (addr !== undefined) mappings.push({ addr, len });
}

function act(actors: Actor[], s: Step): void {
  const actor = actors[s.who % Math.max(actors.length, 1)];
  if (actor === undefined) return;
  const { process, mappings } = actor;
  if (s.call === 'mmap') mapSomething(actor, s);
  if (s.call === 'fork') {
    const child = process.fork();
    if ('errno' in child) refusals.add(`fork ${child.errno}`);
    else actors.push({ process: child, mappings: [...mappings] });
  }
  if (s.call === 'exit') {
    process.exit(0);
    actors.splice(actors.indexOf(actor), 1);
  }
  const mapping = mappings[s.what % Math.max(mappings.length, 1)];
  if (mapping === undefined) return;
  const at = mapping.addr + (s.first * PAGESIZE) % mapping.len;
  const len = Math.min(s.pages * PAGESIZE, mapping.addr + mapping.len - at);
  if (s.call === 'touch') process.touch(at, s.kind === 0 ? 'read' : 'write');
  if (s.call === 'sweep') refusals.add(touchAll(process, at, len, s.kind === 0 ? 64 * PAGESIZE : PAGESIZE).refusal);
  if (s.call === 'munmap') expect([0, EINVAL]).toContain(process.munmap(at, len));
  if (s.call === 'mprotect') process.mprotect(at, len, s.kind === 0 ? PROT_READ : RW);
  if (s.call === 'pread') process.pread(0, at, Math.min(len, 3 * PAGESIZE), 0);
}

describe('whatever processes do with 2 MiB of memory', () => {
  it('the kernel does not panic, and every frame is free again in the end', () => {
    fc.assert(fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
      const machine = smallMachine();
      const { free } = machine.vm.pages;
      const actors: Actor[] = [0, 1].map(() => ({ process: machine.createProcess(), mappings: [] }));
      for (const s of steps) act(actors, s);
      endAll(machine, free);
    }), { seed: 2105, numRuns: 30 });
    expect([...refusals]).toEqual(expect.arrayContaining([SIGBUS, `fork ${ENOMEM}`]));
  });
});
