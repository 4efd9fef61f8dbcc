/** The cost of one 4K device fault: in the kernel alone, and seen from a guest. */
import { LEVEL_SIZE, PAGESIZE, asVaddr } from '../src/base/index.js';
import { createMachine } from '../src/index.js';
import type { Machine } from '../src/index.js';
import { as_fault, F_INVAL, S_WRITE } from '../src/vm/index.js';
import { assemble } from '../guest/index.js';
import { FramebufferDevice } from '../drivers/framebuffer/device.js';
import { framebufferDriver } from '../drivers/framebuffer/driver.js';
import { milliseconds } from './measure.js';

const PAGES = 4096;
const PROT_RW = 3;
const MAP_SHARED = 1;
const MAP_FIXED = 0x10;
/** Not congruent to the physical address modulo 2 MiB, so that no large page fits. */
const ADDRESS = 0x1_0000_0000;

/** A machine with a 16 MiB framebuffer; mapped at ADDRESS, only 4K pages fit. */
function machineWithSmallPages(): Machine {
  const hardware = new FramebufferDevice({ width: 2048, height: 2048, format: 'xrgb8888', align: '4k', base: 0x1_0000_1000 });
  return createMachine({ devices: [{ path: 'fb0', hardware, driver: framebufferDriver }], stdout: () => {} });
}

/** Microseconds from as_fault to its return, for a first touch of a device page through the driver's devmap_access. */
export function deviceFaultMicroseconds(): number {
  const machine = machineWithSmallPages();
  const process = machine.createProcess('bench');
  const fd = process.open('/dev/fb0');
  const mapped = process.mmap({ addr: ADDRESS, len: PAGES * PAGESIZE, prot: PROT_RW, flags: MAP_SHARED | MAP_FIXED, fd, off: 0 });
  if (!('addr' in mapped)) throw new Error(`mmap: errno ${mapped.errno}`);
  let failed = 0;
  const ms = milliseconds(() => machine.kernel.runUntilDone('bench', function* () {
    for (let i = 0; i < PAGES; i++) failed |= yield* as_fault(process.proc.as, asVaddr(mapped.addr + i * PAGESIZE), 1, F_INVAL, S_WRITE);
  }));
  if (failed !== 0) throw new Error(`as_fault: ${failed}`);
  return (ms * 1000) / PAGES;
}

const touchAll = (stride: number): Uint8Array => assemble(`
  .globl _start
_start:
  li a0, -100
  la a1, path
  li a2, 2
  li a3, 0
  li a7, 56
  ecall
  mv a4, a0
  li a0, ${ADDRESS}
  li a1, ${PAGES * PAGESIZE}
  li a2, ${PROT_RW}
  li a3, ${MAP_SHARED | MAP_FIXED}
  li a5, 0
  li a7, 222
  ecall
  li t0, ${PAGES}
  li t1, ${stride}
1: sw t0, 0(a0)
  add a0, a0, t1
  addi t0, t0, -1
  bnez t0, 1b
  li a0, 0
  li a7, 93
  ecall
  .data
path: .asciz "/dev/fb0"
`).elf;

function runGuest(stride: number): number {
  const machine = machineWithSmallPages();
  machine.spawn(touchAll(stride), ['touch'], []);
  const ms = milliseconds(() => {
    const result = machine.run({});
    if (result.status !== 'exited' || result.code !== 0) throw new Error(JSON.stringify(result));
  });
  const loaded = machine.statistics().ptesLoaded['4K'];
  if (stride === PAGESIZE && loaded < PAGES) throw new Error(`${loaded} pages were loaded by ${PAGES} faults`);
  if (machine.statistics().ptesLoaded['2M'] > 0 || LEVEL_SIZE[0] !== PAGESIZE) throw new Error('large pages in a 4K bench');
  return ms;
}

/** Microseconds from a guest's store to a fresh device page until its next instruction: trap, fault, driver, PTE, TLB fill. */
export function guestFaultMicroseconds(): number {
  const everything = runGuest(PAGESIZE);
  const withoutFaults = runGuest(0);
  return ((everything - withoutFaults) * 1000) / PAGES;
}
