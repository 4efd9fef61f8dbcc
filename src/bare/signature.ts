/** Signatures as the architecture tests write them: the memory between two symbols as lines of hexadecimal words. */

/** Bytes of a line. */
export type SignatureGranularity = 4 | 8 | 16;

/**
 * The text of a signature: one little-endian word of `granularity` bytes a line, lower-case hexadecimal digits without prefix; a last
 * word that is not complete is filled up with zeros. Every line ends with a newline. [riscof, signature format; riscv-isa-sim, +signature]
 */
export function formatSignature(bytes: Uint8Array, granularity: SignatureGranularity): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += granularity) {
    for (let byte = at + granularity - 1; byte >= at; byte--) text += (bytes[byte] ?? 0).toString(16).padStart(2, '0');
    text += '\n';
  }
  return text;
}
