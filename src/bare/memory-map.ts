/** Where things are on the bare machine: the places QEMU's virt machine has them. */
import { asPaddr, type Paddr } from '../base/index.js';

/** First address of RAM. */
export const RAM_BASE: Paddr = asPaddr(0x8000_0000);
/** The test finisher. */
export const FINISHER_BASE: Paddr = asPaddr(0x10_0000);
/** The core-local interruptor. */
export const CLINT_BASE: Paddr = asPaddr(0x200_0000);
/** The serial port. */
export const UART_BASE: Paddr = asPaddr(0x1000_0000);

/** Nanoseconds of virtual time in a tick of mtime: 10 MHz. */
export const TICK_NS = 100;
