/** Kinds for several harts that meet in a few words: lr, sc, AMOs and stores of every width within SHARED bytes of s0. */
import { FREE_SHORT, I, R, S, any, pick, wide } from './program-encodings.js';
import type { Kind } from './program-encodings.js';

/** Bytes that the harts share: four reservation sets. */
const SHARED = 32;
const [OP_IMM, AMO, S0, T0] = [0x13, 0x2f, 8, 5];

/** t0 becomes an address in the shared bytes, aligned to `size`; then the instruction. */
const at = (offset: number, size: number): number => I(OP_IMM, 0, T0, S0, (offset & (SHARED - 1)) & -size);
const atomic = (name: string, f5: number, width: 2 | 3): Kind => ({
  name: `shared ${name}.${width === 2 ? 'w' : 'd'}`, parcels: 4,
  encode: (i) => wide(at(i.imm, width === 2 ? 4 : 8), R(AMO, width, f5 << 2, pick(FREE_SHORT, i.rd), T0, f5 === 2 ? 0 : any(i.b))),
});
const store = (f3: 0 | 1 | 2 | 3): Kind => ({ name: `shared s${'bhwd'[f3]}`, parcels: 2, encode: (i) => wide(S(f3, S0, any(i.b), i.imm & (SHARED - 1))) });
const load = (f3: 0 | 1 | 2 | 3): Kind => ({ name: `shared l${'bhwd'[f3]}`, parcels: 2, encode: (i) => wide(I(0x03, f3, pick(FREE_SHORT, i.rd), S0, i.imm & (SHARED - 1))) });

/** lr and sc far more often than the rest, since both must meet. Stores may be misaligned. */
export const SHARED_ACCESSES: readonly Kind[] = [
  atomic('lr', 2, 2), atomic('lr', 2, 3), atomic('sc', 3, 2), atomic('sc', 3, 3), atomic('amoadd', 0, 2), atomic('amoswap', 1, 3), store(0), store(1), store(2), store(3), load(2), load(3),
];
