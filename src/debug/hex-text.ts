/** Numbers and bytes as the remote protocol writes them: hexadecimal digits, registers in the target's byte order. */

/** Bytes as pairs of digits. */
export function bytesText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** The bytes of pairs of digits; undefined for anything else. */
export function parseBytes(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** A register of `bits` bits, lowest byte first. */
export function registerText(value: bigint, bits: number): string {
  const bytes = new Uint8Array(bits / 8);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytesText(bytes);
}

/** The unsigned value of a register's digits, lowest byte first; undefined where they are no whole bytes. */
export function parseRegister(text: string): bigint | undefined {
  const bytes = parseBytes(text);
  if (bytes === undefined || bytes.length === 0) return undefined;
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** A number in hexadecimal digits, at most 16 of them; undefined for anything else. */
export const parseNumber = (text: string): bigint | undefined => (/^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : undefined);

/** Text, one byte a character, as pairs of digits. Characters beyond U+00FF are sent as UTF-8. */
export const messageText = (text: string): string => bytesText(new TextEncoder().encode(text));
