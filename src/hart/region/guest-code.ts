/** Guest code as regions are compiled from: decoded instructions that have been executed, read from their decoded pages. */
import { Handler } from '../handlers.js';
import { Decoded, DECODED_SHIFT, State } from '../layout.js';
import { type Traits, traitsOf } from './traits.js';

/** The memory decoded pages lie in. */
export interface CodeMemory {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
}

/** One instruction. Fields it does not have are 0. */
export interface GuestInstruction {
  readonly traits: Traits;
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  readonly rs3: number;
  readonly imm: number;
  /** Bytes: 2 or 4. */
  readonly length: number;
  /** Where it lies over two pages: the second parcel it was decoded with; else -1. */
  readonly secondParcel: number;
}

/** The pages around the first seed of a region. */
export interface CodeSource {
  /** Place of the decoded page at a distance in pages, 0 where there is none. */
  pageAt(distance: number): number;
  /** The instruction at a place of a decoded page; undefined where a region has to end. */
  instructionAt(ip: number): GuestInstruction | undefined;
  /** The same for code that is copied, and may belong to other regions too. */
  copyOf(ip: number): GuestInstruction | undefined;
  /** Whether regions stay open behind calls of copies in a decoded page. */
  staysOpen(page: number): boolean;
}

/** Distance in pages of a relative address. */
export const pageOf = (at: number): number => at >> 12;

/** Place of the instruction at a relative address in the decoded page that holds it. */
export const placeIn = (page: number, at: number): number => page + ((at & 0xfff) << DECODED_SHIFT);

/** The handler of the decoded instruction at `ip`, where a region's entry stands in its place the one below. */
export function plainHandler({ u16 }: CodeMemory, ip: number): number {
  const handler = u16[ip >> 1]!;
  return handler === Handler.Region ? u16[(ip + Decoded.coveredHandler) >> 1]! : handler;
}

/** The decoded instruction at `ip`; undefined where none has been executed, or what is there is not for regions. */
export function readInstruction(memory: CodeMemory, ip: number): GuestInstruction | undefined {
  const { u8, u16, i32 } = memory;
  const handler = plainHandler(memory, ip);
  const straddles = handler === Handler.Straddle;
  const traits = traitsOf(straddles ? u16[(ip + Decoded.innerHandler) >> 1]! : handler);
  if (traits === undefined || traits.flow === 'system') return undefined;
  const rd = u16[(ip + Decoded.rd) >> 1]!;
  return {
    traits,
    rd: rd === State.sink ? 0 : rd >> 3,
    rs1: u8[ip + Decoded.rs1]! >> 3,
    rs2: u8[ip + Decoded.rs2]! >> 3,
    rs3: u8[ip + Decoded.rs3]! >> 3,
    imm: i32[(ip + Decoded.imm) >> 2]!,
    length: u8[ip + Decoded.length]! >> DECODED_SHIFT,
    secondParcel: straddles ? u16[(ip + Decoded.secondParcel) >> 1]! : -1,
  };
}
