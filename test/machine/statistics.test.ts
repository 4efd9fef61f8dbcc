/** Every counter is held against the trace of the same run, which counts in another way. */
import { describe, expect, it } from 'vitest';
import { FramebufferDevice } from '../../drivers/framebuffer/device.js';
import { framebufferDriver } from '../../drivers/framebuffer/driver.js';
import { Guest } from '../process/guest-program.js';
import type { Finished } from '../process/guest-program.js';

const count = ({ trace }: Finished, pattern: RegExp): number => trace.filter((line) => pattern.test(line)).length;

/** Opens, maps, faults in both ways, forks, catches a signal, makes an unknown call. */
const program = (): Guest => {
  const g = new Guest().data('path: .asciz "/dev/fb0"\n.balign 8\naction: .dword handler, 4, 0');
  g.sys('rt_sigaction', 11, '&action', 0, 8).expect(0).sys('openat', -100, '&path', 2, 0).expect(3).sys('mmap', 0, 0x4000, 3, 1, 3, 0).asm('mv s0, a0');
  g.asm('sw s0, 0(s0)\nlw t0, 0(s0)\nli t1, 0x3000\nadd t1, s0, t1\nlw t0, 0(t1)').sys('mprotect', 's0', 0x1000, 1).expect(0).asm('sw t0, 0(s0)').sys(4321);
  g.sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent\nlw t0, 0(s0)\nsd t0, -8(sp)\nli a0, 0\nli a7, 94\necall\nparent:').sys('wait4', -1, 0, 0, 0).expect(2);
  return g.sub('handler: ld t0, 176(a2)\naddi t0, t0, 4\nsd t0, 176(a2)\nret');
};

describe('statistics', () => {
  const run = (harts: number): Finished => {
    const hardware = new FramebufferDevice({ width: 64, height: 64 });
    return program().run({ harts, devices: [{ path: 'fb0', hardware, driver: framebufferDriver }] });
  };

  it.each([1, 2])('agree with the trace on %i harts', (harts) => {
    const finished = run(harts);
    expect(finished.result).toEqual({ status: 'exited', code: 0 });
    const s = finished.machine.statistics();
    expect(Object.values(s.syscalls).reduce((a, b) => a + b, 0)).toBe(count(finished, /^guest\.syscall /));
    for (const [name, n] of Object.entries(s.syscalls)) expect([name, n]).toEqual([name, count(finished, new RegExp(`^guest\\.syscall .*name=${name} `))]);
    for (const access of ['load', 'store', 'fetch'] as const) {
      const { absent, protection } = s.pageFaults[access];
      expect([access, absent + protection]).toEqual([access, count(finished, new RegExp(`^guest\\.trap .*cause=${access}Page`))]);
    }
    expect(s.pageFaults.store.protection).toBe(1); // the device page that mprotect made read-only
    expect(s.ptesLoaded['4K']).toBe(count(finished, /^hat_pte .*level=0/));
    expect(s.ptesLoaded['2M']).toBe(count(finished, /^hat_pte .*level=1/));
    expect(s.forks).toBe(1);
    expect(s.segdevFaults).toBe(count(finished, /^segdev_fault /));
    const callbacks = { devmap: /^drv\.devmap /, devmap_map: /^drv\.map /, devmap_access: /^drv\.access\.enter /, devmap_dup: /^drv\.dup /, devmap_unmap: /^drv\.unmap / };
    expect(s.driverCallbacks).toEqual(Object.fromEntries(Object.entries(callbacks).map(([name, pattern]) => [name, count(finished, pattern)])));
    expect(s.signals).toEqual({ SIGSEGV: count(finished, /^guest\.signal .*SIGSEGV/) });
    expect(s.virtualNs).toBe(s.instructions);
  });

  it('count TLB misses as the walks that were made, hits as the accesses that needed none', () => {
    const finished = run(1);
    const { tlb } = finished.machine.statistics();
    const fills = count(finished, /^mmu\.fill /);
    const { failedWalks } = finished.machine.harts[0]?.mmu.counters ?? { failedWalks: -1 };
    expect(tlb.data.misses + tlb.instruction.misses).toBe(fills + failedWalks);
    expect(tlb.data.hits).toBeGreaterThan(0);
  });

  it('are plain data: a copy through JSON is equal', () => {
    const statistics = run(1).machine.statistics();
    expect(JSON.parse(JSON.stringify(statistics))).toEqual(statistics);
  });
});
