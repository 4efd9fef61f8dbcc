/**
 * A 16550 serial port, byte wide: what is transmitted goes out at once, what is received waits in the host until it is read.
 * There is no interrupt controller its interrupt line could lead to, so software polls; the line's state stands in IIR.
 * [National Semiconductor PC16550D data sheet, Registers]
 */
import { type AccessSize, RegisterBank, type RegisterSpec, type RegisterWindow } from '../bus/index.js';

const LCR = 3;
const DLAB = 0x80n;
const LSR_DATA_READY = 0x01n;
const LSR_TRANSMITTER_EMPTY = 0x60n;
const MCR_LOOP = 0x10n;
const IER_RECEIVED = 1n;
const IER_EMPTY = 2n;
const IIR_NONE = 0x1n;
const IIR_EMPTY = 0x2n;
const IIR_RECEIVED = 0x4n;
const IIR_FIFOS = 0xc0n;
const CTS_DSR_DCD = 0xb0n;

const registers: readonly RegisterSpec[] = [
  { name: 'RBR_THR', offset: 0, size: 1, access: 'rw', reset: 0n, reserved: 0n, doc: 'read: the byte received; write: the byte to transmit' },
  { name: 'IER', offset: 1, size: 1, access: 'rw', reset: 0n, reserved: 0xf0n, doc: 'interrupt enables: bit 0 received data, bit 1 transmitter empty' },
  { name: 'IIR_FCR', offset: 2, size: 1, access: 'rw', reset: 1n, reserved: 0n, doc: 'read: which interrupt is pending; write: FIFO control' },
  { name: 'LCR', offset: LCR, size: 1, access: 'rw', reset: 0n, reserved: 0n, doc: 'line control; bit 7 DLAB shows the divisor at offsets 0 and 1' },
  { name: 'MCR', offset: 4, size: 1, access: 'rw', reset: 0n, reserved: 0xe0n, doc: 'modem control; bit 4 loops what is transmitted back' },
  { name: 'LSR', offset: 5, size: 1, access: 'ro', reset: LSR_TRANSMITTER_EMPTY, reserved: 0n, doc: 'bit 0 data ready, bits 5 and 6 transmitter empty' },
  { name: 'MSR', offset: 6, size: 1, access: 'ro', reset: CTS_DSR_DCD, reserved: 0n, doc: 'modem status: always clear to send' },
  { name: 'SCR', offset: 7, size: 1, access: 'rw', reset: 0n, reserved: 0n, doc: 'keeps what was written' },
];
const divisor: readonly RegisterSpec[] = [
  { name: 'DLL', offset: 0, size: 1, access: 'rw', reset: 1n, reserved: 0n, doc: 'divisor, low byte; transmission takes no time whatever it says' },
  { name: 'DLM', offset: 1, size: 1, access: 'rw', reset: 0n, reserved: 0n, doc: 'divisor, high byte' },
];

/** What the port is connected to. */
export interface UartLine {
  /** A byte was transmitted. */
  send(byte: number): void;
  /** The next byte received, undefined while there is none. */
  receive(): number | undefined;
}

/** The serial port. */
export class Uart implements RegisterWindow {
  /** Bytes of its window. */
  readonly size = 0x100;
  readonly #registers: RegisterBank;
  readonly #divisor: RegisterBank = new RegisterBank({ device: 'uart', registers: divisor });
  readonly #line: UartLine;
  /** The byte that has been received and not read. */
  #received: number | undefined = undefined;
  #fifos = false;

  constructor(line: UartLine) {
    this.#line = line;
    this.#registers = new RegisterBank({
      device: 'uart', registers, hooks: {
        RBR_THR: { onRead: () => BigInt(this.#take()), onWrite: (value) => this.#transmit(Number(value)) },
        IIR_FCR: { onRead: () => this.#pending() | (this.#fifos ? IIR_FIFOS : 0n), onWrite: (value) => this.#control(value) },
        LSR: { onRead: () => LSR_TRANSMITTER_EMPTY | (this.#ready() ? LSR_DATA_READY : 0n) },
      },
    });
  }

  /** Whether the interrupt line is raised. */
  get interrupt(): boolean {
    return this.#pending() !== IIR_NONE;
  }

  read(offset: number, size: AccessSize): bigint | undefined {
    return this.#bank(offset).read(offset, size);
  }

  write(offset: number, size: AccessSize, value: bigint): boolean {
    return this.#bank(offset).write(offset, size, value);
  }

  #bank(offset: number): RegisterBank {
    return offset < 2 && (this.#registers.get('LCR') & DLAB) !== 0n ? this.#divisor : this.#registers;
  }

  #ready(): boolean {
    if ((this.#registers.get('MCR') & MCR_LOOP) === 0n) this.#received ??= this.#line.receive();
    return this.#received !== undefined;
  }

  #take(): number {
    const byte = this.#ready() ? this.#received! : 0;
    this.#received = undefined;
    return byte;
  }

  #transmit(byte: number): void {
    if ((this.#registers.get('MCR') & MCR_LOOP) === 0n) this.#line.send(byte);
    else this.#received = byte;
  }

  #control(value: bigint): void {
    this.#fifos = (value & 1n) !== 0n;
    if ((value & 2n) !== 0n) this.#received = undefined;
  }

  #pending(): bigint {
    const enabled = this.#registers.get('IER');
    if ((enabled & IER_RECEIVED) !== 0n && this.#ready()) return IIR_RECEIVED;
    return (enabled & IER_EMPTY) !== 0n ? IIR_EMPTY : IIR_NONE;
  }
}
