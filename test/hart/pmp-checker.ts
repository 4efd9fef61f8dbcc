/** Physical memory protection as the manual words it, byte by byte: slow, and written without a look at the product. */

/** Bits of pmpcfg: the address modes, and the lock. */
export const TOR: number = 1 << 3;
export const NA4: number = 2 << 3;
export const NAPOT: number = 3 << 3;
export const L = 0x80;

/** One entry: its pmpcfg byte and pmpaddr. */
export interface Entry { readonly cfg: number; readonly address: bigint }

/** The manual's words: which bytes an entry matches. */
function matchesByte(entries: readonly Entry[], n: number, byte: bigint): boolean {
  const { cfg, address } = entries[n]!;
  switch ((cfg >> 3) & 3) {
    case 0: return false;
    case 1: return byte >> 2n >= (n === 0 ? 0n : entries[n - 1]!.address) && byte >> 2n < address;
    case 2: return byte >> 2n === address;
    default: {
      let size = 8n;
      for (let bit = 0n; bit < 54n && ((address >> bit) & 1n) === 1n; bit++) size *= 2n;
      return byte / size === (address << 2n) / size;
    }
  }
}

/** Whether an access is allowed. Access: 0 load, 1 store, 2 fetch; mode: 0 user, 1 supervisor, 3 machine. */
export function allowed(entries: readonly Entry[], pa: number, size: number, access: 0 | 1 | 2, priv: 0 | 1 | 3): boolean {
  const bytes = Array.from({ length: size }, (_, n) => BigInt(pa + n));
  for (const [n, { cfg }] of entries.entries()) {
    const matched = bytes.filter((byte) => matchesByte(entries, n, byte)).length;
    if (matched === 0) continue;
    if (matched < size) return false;
    if (priv === 3 && (cfg & L) === 0) return true;
    return ((cfg >> [0, 1, 2][access]!) & 1) === 1;
  }
  return priv === 3;
}
