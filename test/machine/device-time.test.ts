/** A device asked for the time in the middle of a guest's turn must know how far the guest is: one instruction, one nanosecond. */
import { describe, expect, it } from 'vitest';
import { RegbankDevice } from '../../drivers/regbank/device.js';
import { regbankDriver } from '../../drivers/regbank/driver.js';
import { RB } from '../../drivers/regbank/registers.js';
import { assemble } from '../../guest/index.js';
import { createMachine } from '../../src/machine/index.js';

/** Exits with the difference of two readings of COUNTER, `between` instructions apart. */
const program = (between: number): Uint8Array => assemble(`
  .globl _start
_start:
  li a0, -100
  la a1, path
  li a2, 2
  li a3, 0
  li a7, 56
  ecall
  mv a4, a0
  li a0, 0
  li a1, 4096
  li a2, 3
  li a3, 1
  li a5, 0
  li a7, 222
  ecall
  ld t0, ${RB.COUNTER}(a0)
  ld t0, ${RB.COUNTER}(a0)
${'  nop\n'.repeat(between)}
  ld t1, ${RB.COUNTER}(a0)
  sub a0, t1, t0
  li a7, 93
  ecall
  .data
path: .asciz "/dev/regs0"
`).elf;

describe('the time a device sees', () => {
  it.each([[0, 1_000_000], [0, 1], [41, 1_000_000], [41, 7], [99, 1]])('grows by one nanosecond an instruction: %i between two readings, quantum %i', (between, quantum) => {
    const machine = createMachine({ quantum, devices: [{ path: 'regs0', hardware: new RegbankDevice(), driver: regbankDriver }] });
    machine.spawn(program(between), ['time']);
    expect(machine.run()).toEqual({ status: 'exited', code: between + 1 });
  });
});
