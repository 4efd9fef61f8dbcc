/** What the compiler of regions is given before it is asked for anything, where the build has made it: traits, and the stamps most programs need. */
import { handlerOf, LINKLESS } from '../handlers.js';
import { type Instruction, INSTRUCTIONS } from '../isa/index.js';
import { CACHE_ENTRIES, translationCache } from '../layout.js';
import { Packed } from './compiler/code-copies.js';
import { Flow, Uses } from './compiler/guest-code.js';
import { Opening, StampKind, Variant } from './compiler/stamps.js';
import { stampOf } from './glue-emitter.js';
import { packedTraits } from './traits.js';

/** Rounding modes of instructions that have one: to nearest, toward zero, and what fcsr says. */
const MODES = [0, 1, 7];
const SIZES = [1, 2, 4, 8];

/** See PREPARED_HEAD, and Compiler.take; for code that asks the default translation cache. */
export function preparedWords(): Int32Array {
  const handlers = [...INSTRUCTIONS.map((row) => handlerOf(row, 1)), ...LINKLESS.map((row) => handlerOf(row, 0))];
  const traits = handlers.map((handler) => [handler, packedTraits(handler)]).filter(([, packed]) => packed! >= 0);
  const cache = { entries: CACHE_ENTRIES, at: translationCache(0) };
  const stamps = [...INSTRUCTIONS.flatMap(keysOf), ...openings(), ...glue()].map(([kind, variant]) => stampOf(kind, variant, cache));
  const words = [0, traits.length, stamps.length, ...traits.flat(), ...stamps.flat()];
  words[0] = words.length;
  return Int32Array.from(words);
}

type Key = readonly [kind: number, variant: number];

/** The stamps of an instruction, with the operands it does not have as 0 and each it has other than 0, or x0 once. */
function keysOf(row: Instruction): Key[] {
  const handler = handlerOf(row, 1);
  const packed = packedTraits(handler);
  const flow = packed & 3;
  if (packed < 0 || flow === Flow.jump || flow === Flow.jumpRegister) return [];
  const uses = (packed >> Packed.uses) & 0x7f;
  const has = (...registers: number[]): boolean => registers.some((register) => uses & register);
  const base = (has(Uses.rs1, Uses.fs1) ? 0 : Variant.noRs1) | (has(Uses.rs2, Uses.fs2) ? 0 : Variant.noRs2) | (has(Uses.rd, Uses.fd) ? 0 : Variant.noRd);
  const accesses = ((packed >> Packed.size) & 0xf) !== 0;
  const rounds = ((packed >> Packed.rounds) & 1) !== 0;
  const variants = new Set([base]);
  if (uses & Uses.rs2) variants.add(base | Variant.noRs2);
  if (uses & Uses.rs1 && !accesses) variants.add(base | Variant.noRs1);
  const all = [...variants].flatMap((variant) => (accesses ? [variant, variant | Variant.window] : [variant]));
  return all.flatMap((variant) => (rounds ? MODES.map((mode): Key => [handler, variant | (mode << Variant.rounding)]) : [[handler, variant] as const]));
}

function openings(): Key[] {
  const stores = [0, Opening.store];
  return stores.flatMap((store) => [
    ...[0, Opening.relative].map((relative): Key => [StampKind.openPage, store | relative]),
    ...[0, Opening.wide].flatMap((wide) => SIZES.map((size): Key => [StampKind.openSpan, store | wide | (size << Opening.size)])),
  ]);
}

const glue = (): Key[] => Object.values(StampKind).filter((kind) => kind >= StampKind.loadCache).map((kind) => [kind, 0]);
