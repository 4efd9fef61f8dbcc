/**
 * The host-target interface of riscv-tests and of programs written for Spike: two doublewords in the guest's memory.
 *
 *     tohost    63:56 device   55:48 command   47:0 payload
 *     device 0, payload odd    the run ends, exit code payload >> 1
 *     device 0, payload even   address of eight doublewords: a system call and its arguments; its result replaces the first
 *     device 1, command 0      the next byte of input: fromhost becomes it, with bit 8 set
 *     device 1, command 1      the payload's low byte is output
 *
 * A command is taken when tohost has been written whole. Of a program that writes the low half only, it is taken at its next
 * store to tohost, or a thousand instructions later. [riscv-isa-sim, fesvr/htif.cc and fesvr/device.cc]
 */
import { asPaddr, type Paddr } from '../base/index.js';
import type { Bus } from '../bus/index.js';

const SYSCALL_DEVICE = 0;
const CONSOLE_DEVICE = 1;
const CONSOLE_READ = 0;
const CONSOLE_WRITE = 1;
const SYS_write = 64n;
const SYS_exit = 93n;
const EFAULT = 14n;
const EBADF = 9n;
const ENOSYS = 38n;
const PAYLOAD_BITS = 48;
/** Steps after which a low half that stays alone is taken for the whole. */
const PATIENCE = 1000;
/** Bytes of one write at most. */
const LONGEST_WRITE = 1n << 20n;

/** What the interface is connected to. */
export interface HtifLine {
  /** Takes what the guest prints. */
  write(bytes: Uint8Array): void;
  /** The next byte of input, undefined while there is none. */
  read(): number | undefined;
  /** Ends the run with the guest's exit code. */
  exit(code: number): void;
}

/** Places of the two doublewords; `fromhost` may be missing. */
export interface HtifPlaces {
  readonly tohost: Paddr;
  readonly fromhost: Paddr | undefined;
}

/** The host's side of tohost and fromhost. */
export class Htif {
  readonly #bus: Bus;
  readonly #line: HtifLine;
  readonly #places: HtifPlaces;
  /** Whether the low half of tohost alone has been written. */
  #half = false;
  /** The step at which that half is taken for the whole. */
  #patientUntil = Infinity;
  /** Whether a command is complete in tohost. */
  #whole = false;
  /** Answers that wait until fromhost is 0. */
  readonly #answers: bigint[] = [];
  /** Command words of reads that wait for input. */
  #reading: bigint | undefined = undefined;

  constructor(bus: Bus, places: HtifPlaces, line: HtifLine) {
    this.#bus = bus;
    this.#places = places;
    this.#line = line;
  }

  /** Notes a store of `size` bytes at `pa` that is about to happen. */
  stored(pa: number, size: number): void {
    const offset = pa - this.#places.tohost;
    if (offset >= 8 || offset + size <= 0) return;
    if (offset + size > 4 || this.#half) this.#whole = true;
    else this.#half = true;
  }

  /** The step at which `poll` must be called at the latest. */
  get deadline(): number {
    return this.#patientUntil;
  }

  /** Looks at tohost and fromhost, between instructions; `step` counts what has been executed. */
  poll(step: number): void {
    if (this.#half && this.#patientUntil === Infinity) this.#patientUntil = step + PATIENCE;
    if (this.#whole || step >= this.#patientUntil) {
      this.#half = this.#whole = false;
      this.#patientUntil = Infinity;
      const command = this.#load(this.#places.tohost);
      if (command !== 0n) {
        this.#bus.store(this.#places.tohost, 8, 0n);
        this.#obey(command);
      }
    }
    this.#answer();
  }

  #obey(command: bigint): void {
    const device = Number(command >> 56n);
    const code = Number((command >> BigInt(PAYLOAD_BITS)) & 0xffn);
    const payload = BigInt.asUintN(PAYLOAD_BITS, command);
    if (device === SYSCALL_DEVICE && code === 0) {
      if ((payload & 1n) === 1n) this.#line.exit(Number(payload >> 1n));
      else this.#systemCall(payload, command);
    } else if (device === CONSOLE_DEVICE && code === CONSOLE_WRITE) {
      this.#line.write(Uint8Array.of(Number(payload & 0xffn)));
    } else if (device === CONSOLE_DEVICE && code === CONSOLE_READ) {
      this.#reading = command;
    }
  }

  #answer(): void {
    if (this.#reading !== undefined) {
      const byte = this.#line.read();
      if (byte !== undefined) {
        this.#answers.push(respond(this.#reading, 0x100n | BigInt(byte)));
        this.#reading = undefined;
      }
    }
    const { fromhost } = this.#places;
    if (fromhost === undefined || this.#answers.length === 0 || this.#load(fromhost) !== 0n) return;
    this.#bus.store(fromhost, 8, this.#answers.shift()!);
  }

  /** A system call proxied to the host: write to the console and exit; every other one does not exist. */
  #systemCall(at: bigint, command: bigint): void {
    const place = asPaddr(Number(at));
    const [number, first, second, third] = [0, 8, 16, 24].map((offset) => this.#load(asPaddr(place + offset)));
    if (number === SYS_exit) {
      this.#line.exit(Number(BigInt.asUintN(32, first!)));
      return;
    }
    const result = number === SYS_write ? this.#write(first!, second!, third!) : -ENOSYS;
    this.#bus.store(place, 8, BigInt.asUintN(64, result));
    this.#answers.push(respond(command, 1n));
  }

  #write(fd: bigint, address: bigint, length: bigint): bigint {
    if (fd !== 1n && fd !== 2n) return -EBADF;
    const bytes = new Uint8Array(Number(length < LONGEST_WRITE ? length : LONGEST_WRITE));
    if (address >> 48n !== 0n || !this.#bus.read(asPaddr(Number(address)), bytes)) return -EFAULT;
    this.#line.write(bytes);
    return BigInt(bytes.length);
  }

  /** A doubleword of memory, 0 where there is none. */
  #load(pa: Paddr): bigint {
    const bytes = new Uint8Array(8);
    return this.#bus.read(pa, bytes) ? new DataView(bytes.buffer).getBigUint64(0, true) : 0n;
  }
}

/** An answer from the device and to the command of a command word. */
const respond = (command: bigint, payload: bigint): bigint => ((command >> BigInt(PAYLOAD_BITS)) << BigInt(PAYLOAD_BITS)) | payload;
