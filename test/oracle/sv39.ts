/**
 * Sv39 translation in bigint, written from the RISC-V Privileged manual ("Virtual Address Translation Process", "Sv39",
 * "Svnapot", "Svpbmt", "Svade"/"Svadu") and from nothing else. Slow and plain on purpose: it is what the MMU is held against.
 */

/** 64-bit words of physical memory; `read` answers undefined where there is no memory or it may not be read, `write` false where it may not be written. */
export interface OracleMemory {
  read(pa: bigint): bigint | undefined;
  write(pa: bigint, value: bigint): boolean | void;
}

/** The state a translation depends on. */
export interface OracleState {
  readonly root: bigint;
  readonly user: boolean;
  readonly sum: boolean;
  readonly mxr: boolean;
  readonly hardwareAd: boolean;
  readonly svpbmt: boolean;
  readonly svnapot: boolean;
  readonly paBits: bigint;
}

export type OracleAccess = 'load' | 'store' | 'fetch';
export type OracleResult = { readonly pa: bigint } | { readonly cause: number };

const bit = (value: bigint, n: bigint): boolean => ((value >> n) & 1n) === 1n;
const bits = (value: bigint, high: bigint, low: bigint): bigint => (value >> low) & ((1n << (high - low + 1n)) - 1n);

/** Translates a 64-bit virtual address. */
export function oracleTranslate(memory: OracleMemory, state: OracleState, va: bigint, access: OracleAccess): OracleResult {
  const pageFault = { cause: access === 'fetch' ? 12 : access === 'load' ? 13 : 15 };
  const accessFault = { cause: access === 'fetch' ? 1 : access === 'load' ? 5 : 7 };

  // "bits 63-39 must all equal bit 38, or else a page-fault exception will occur"
  const upper = bits(va, 63n, 38n);
  if (upper !== 0n && upper !== (1n << 26n) - 1n) return pageFault;
  const vpn = [bits(va, 20n, 12n), bits(va, 29n, 21n), bits(va, 38n, 30n)];

  let a = state.root * 4096n;                                                              // 1
  for (let i = 2; ; i--) {
    const address = a + vpn[i]! * 8n;
    const pte = address < 1n << state.paBits ? memory.read(address) : undefined;           // 2
    if (pte === undefined) return accessFault;
    const [v, r, w, x, u] = [0n, 1n, 2n, 3n, 4n].map((n) => bit(pte, n)) as [boolean, boolean, boolean, boolean, boolean];
    const accessed = bit(pte, 6n);
    const dirty = bit(pte, 7n);
    const pbmt = bits(pte, 62n, 61n);
    const n = bit(pte, 63n);
    const ppn = bits(pte, 53n, 10n);
    if (!v || (!r && w)) return pageFault;                                                 // 3
    if (bits(pte, 60n, 54n) !== 0n) return pageFault;
    if (pbmt === 3n || (pbmt !== 0n && !state.svpbmt)) return pageFault;
    if (n && !state.svnapot) return pageFault;
    const leaf = r || x;
    if (!leaf && (n || pbmt !== 0n || accessed || dirty || u)) return pageFault;
    if (leaf && n && (i !== 0 || (ppn & 15n) !== 8n)) return pageFault;
    if (!leaf) {                                                                           // 4
      if (i === 0) return pageFault;
      a = ppn * 4096n;
      continue;
    }
    const low = i === 0 ? 0n : i === 1 ? 9n : 18n;                                         // 5
    if (ppn % (1n << low) !== 0n) return pageFault;
    if (state.user ? !u : u && (access === 'fetch' || !state.sum)) return pageFault;       // 6
    const allowed = access === 'fetch' ? x : access === 'store' ? w : r || (state.mxr && x);
    if (!allowed) return pageFault;                                                        // 8
    if (!accessed || (access === 'store' && !dirty)) {                                     // 9
      if (!state.hardwareAd) return pageFault;
      if (memory.write(address, pte | (1n << 6n) | (access === 'store' ? 1n << 7n : 0n)) === false) return accessFault;
    }
    const vpnAll = bits(va, 38n, 12n);                                                     // 10
    let frame = ppn;
    if (n) frame = (ppn & ~15n) | (vpnAll & 15n);
    else if (low > 0n) frame = ppn | (vpnAll & ((1n << low) - 1n));
    const pa = frame * 4096n + (va & 4095n);
    return pa < 1n << state.paBits ? { pa } : accessFault;
  }
}
