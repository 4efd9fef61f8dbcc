/**
 * mstatus, and sstatus as a view of it. [RISC-V privileged ISA, Machine Status Registers]
 *
 *       1 SIE    3 MIE    5 SPIE   7 MPIE   8 SPP   12:11 MPP   14:13 FS
 *      17 MPRV  18 SUM   19 MXR   20 TVM   21 TW   22 TSR      33:32 UXL   35:34 SXL   63 SD
 *
 * The writable bits fit a small number. Big-endian modes, V and the custom bits do not exist; UXL and SXL are always 64 bit.
 */

/** Masks of the fields of mstatus. */
export const Status = {
  SIE: 0x2,
  MIE: 0x8,
  SPIE: 0x20,
  MPIE: 0x80,
  SPP: 0x100,
  MPP: 0x1800,
  /** Floating point: all 0 Off, both set Dirty. */
  FS: 0x6000,
  MPRV: 0x20000,
  SUM: 0x40000,
  MXR: 0x80000,
  TVM: 0x100000,
  TW: 0x200000,
  TSR: 0x400000,
} as const;

const MPP_SHIFT = 11;
const SPP_SHIFT = 8;
const S_FIELDS: number = Status.SIE | Status.SPIE | Status.SPP | Status.FS | Status.SUM | Status.MXR;
const M_FIELDS: number = S_FIELDS | Status.MIE | Status.MPIE | Status.MPP | Status.MPRV | Status.TVM | Status.TW | Status.TSR;
const UXL_64 = 2n << 32n;
const SXL_64 = 2n << 34n;
const SD = 1n << 63n;

/** mstatus as a number of its writable bits. MPP is always 0, 1 or 3. */
export class StatusRegister {
  #bits = 0;

  /** Whether all bits of a mask are set. */
  has(mask: number): boolean {
    return (this.#bits & mask) === mask;
  }

  /** Sets or clears all bits of a mask. */
  set(mask: number, on: boolean): void {
    this.#bits = on ? this.#bits | mask : this.#bits & ~mask;
  }

  /** MPP: the mode mret returns to. */
  get mpp(): 0 | 1 | 3 {
    return ((this.#bits >> MPP_SHIFT) & 3) as 0 | 1 | 3;
  }
  set mpp(mode: 0 | 1 | 3) {
    this.#bits = (this.#bits & ~Status.MPP) | (mode << MPP_SHIFT);
  }

  /** SPP: the mode sret returns to. */
  get spp(): 0 | 1 {
    return this.has(Status.SPP) ? 1 : 0;
  }
  set spp(mode: 0 | 1) {
    this.#bits = (this.#bits & ~Status.SPP) | (mode << SPP_SHIFT);
  }

  /** Whether there is floating point: FS is not Off. */
  get floats(): boolean {
    return (this.#bits & Status.FS) !== 0;
  }

  /** SD: whether FS, the only such field, is Dirty. */
  get #dirty(): bigint {
    return this.has(Status.FS) ? SD : 0n;
  }

  /** What csrr reads from mstatus. */
  readMachine(): bigint {
    return BigInt(this.#bits) | UXL_64 | SXL_64 | this.#dirty;
  }

  /** What csrr reads from sstatus. */
  readSupervisor(): bigint {
    return BigInt(this.#bits & S_FIELDS) | UXL_64 | this.#dirty;
  }

  /** What csrw writes to mstatus; fields there are not are dropped, and MPP 2, which is no mode, leaves MPP as it was. */
  writeMachine(value: bigint): void {
    const before = this.mpp;
    this.#bits = Number(value & BigInt(M_FIELDS));
    if (((this.#bits >> MPP_SHIFT) & 3) === 2) this.mpp = before;
  }

  /** What csrw writes to sstatus: only the fields supervisor mode has. */
  writeSupervisor(value: bigint): void {
    this.#bits = (this.#bits & ~S_FIELDS) | Number(value & BigInt(S_FIELDS));
  }
}
