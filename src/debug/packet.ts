/**
 * Packets of the GDB remote protocol as bytes: `$payload#checksum`, acknowledgements, and the interrupt byte.
 * [GDB manual, appendix E.1 "Overview" of the Remote Serial Protocol]
 *
 * A payload is a string with one character 0 to 255 for each byte, escapes undone.
 */

/** Bytes of a packet at most, frame included; what PacketSize tells the debugger. */
export const PACKET_SIZE = 0x4000;

/** Something that came in. `overlong` was a packet of more than PACKET_SIZE bytes, `damaged` one with a wrong checksum. */
export type Incoming =
  | { readonly kind: 'packet'; readonly payload: string }
  | { readonly kind: 'ack' | 'nak' | 'interrupt' | 'overlong' | 'damaged' };

const ESCAPE = '}';
const INTERRUPT = 0x03;

/** The two hexadecimal digits of a byte. */
const digits = (byte: number): string => byte.toString(16).padStart(2, '0');

/** Sum of the bytes of an escaped payload, modulo 256. */
function checksum(escaped: string): number {
  let sum = 0;
  for (let i = 0; i < escaped.length; i++) sum += escaped.charCodeAt(i);
  return sum & 0xff;
}

/** A payload with `#`, `$`, `*` and `}` escaped: an escape and the character with bit 5 inverted. */
export const escapePayload = (payload: string): string =>
  payload.replace(/[#$*}]/g, (character) => ESCAPE + String.fromCharCode(character.charCodeAt(0) ^ 0x20));

/** The whole packet of a payload. */
export function encodePacket(payload: string): string {
  const escaped = escapePayload(payload);
  return `$${escaped}#${digits(checksum(escaped))}`;
}

/** Bytes of a string of characters 0 to 255. */
export const toBytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);

/** The string of some bytes, a character each. */
export function fromBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

const unescapePayload = (escaped: string): string =>
  escaped.replace(/\}([^])/g, (_, character: string) => String.fromCharCode(character.charCodeAt(0) ^ 0x20));

/** Finds packets in a stream of bytes, however it is cut. Bytes outside of packets that mean nothing are passed over. */
export class PacketReader {
  /** The escaped payload so far; undefined between packets. */
  #payload: string | undefined = undefined;
  #overlong = false;
  /** Characters of the checksum still to come; 0 within a payload. */
  #sumLeft = 0;
  #sum = '';

  /** Takes bytes and returns what has become complete, in order. */
  read(bytes: Uint8Array): Incoming[] {
    const found: Incoming[] = [];
    for (const byte of bytes) {
      const incoming = this.#payload === undefined ? this.#outside(byte) : this.#inside(byte);
      if (incoming !== undefined) found.push(incoming);
    }
    return found;
  }

  #outside(byte: number): Incoming | undefined {
    switch (byte) {
      case 0x24:
        this.#start();
        return undefined;
      case 0x2b: return { kind: 'ack' };
      case 0x2d: return { kind: 'nak' };
      case INTERRUPT: return { kind: 'interrupt' };
      default: return undefined;
    }
  }

  #start(): void {
    this.#payload = '';
    this.#overlong = false;
    this.#sumLeft = 0;
    this.#sum = '';
  }

  #inside(byte: number): Incoming | undefined {
    if (this.#sumLeft > 0) {
      this.#sum += String.fromCharCode(byte);
      return --this.#sumLeft === 0 ? this.#finish() : undefined;
    }
    // A new packet begins where the end of the last one was lost: $ is escaped within payloads.
    if (byte === 0x24) this.#start();
    else if (byte === 0x23) this.#sumLeft = 2;
    else if (this.#payload!.length >= PACKET_SIZE) this.#overlong = true;
    else this.#payload += String.fromCharCode(byte);
    return undefined;
  }

  #finish(): Incoming {
    const escaped = this.#payload!;
    this.#payload = undefined;
    if (this.#overlong) return { kind: 'overlong' };
    const intact = /^[0-9a-f]{2}$/i.test(this.#sum) && Number.parseInt(this.#sum, 16) === checksum(escaped);
    return intact ? { kind: 'packet', payload: unescapePayload(escaped) } : { kind: 'damaged' };
  }
}
