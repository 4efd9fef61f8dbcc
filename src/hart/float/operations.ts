/** The operations of F and D that can round or raise flags, by mnemonic: exact, in software, for when generated code does not know the short way. */
import { once } from '../../base/index.js';
import { add, multiply, multiplyAdd, negated, subtract } from './arithmetic.js';
import { equal, less, lessOrEqual, maximum, minimum } from './compare.js';
import { convert, fromInteger, type IntegerType, toInteger } from './convert.js';
import { divide, squareRoot } from './divide.js';
import { DOUBLE, type Environment, type Format, SINGLE } from './format.js';

/** From the contents of source registers (signed or not) to the content of the destination. Operands an operation does not have are ignored. */
export type Operation = (env: Environment, a: bigint, b: bigint, c: bigint) => bigint;

type Computation = (format: Format, env: Environment, a: bigint, b: bigint, c: bigint) => bigint;

const BOX = -1n << 32n;

/** The bits of a number in an f register: a single that is not NaN-boxed is the canonical NaN. */
function fromRegister(format: Format, register: bigint): bigint {
  if (format === DOUBLE) return BigInt.asUintN(64, register);
  return BigInt.asIntN(64, register) >> 32n === -1n ? BigInt.asUintN(32, register) : format.nan;
}

const toRegister = (format: Format, bits: bigint): bigint => (format === DOUBLE ? bits : BOX | bits);

/** Operations from f registers to an f register. */
const COMPUTATIONS: Readonly<Record<string, Computation>> = {
  fadd: add,
  fsub: subtract,
  fmul: multiply,
  fdiv: divide,
  fsqrt: squareRoot,
  fmin: minimum,
  fmax: maximum,
  fmadd: multiplyAdd,
  fmsub: (format, env, a, b, c) => multiplyAdd(format, env, a, b, negated(format, c)),
  fnmsub: (format, env, a, b, c) => multiplyAdd(format, env, negated(format, a), b, c),
  fnmadd: (format, env, a, b, c) => multiplyAdd(format, env, negated(format, a), b, negated(format, c)),
};

/** Operations from f registers to an x register. */
const COMPARISONS: Readonly<Record<string, Computation>> = { feq: equal, flt: less, fle: lessOrEqual };

const INTEGERS: Readonly<Record<string, IntegerType>> = {
  w: { width: 32, signed: true },
  wu: { width: 32, signed: false },
  l: { width: 64, signed: true },
  lu: { width: 64, signed: false },
};

function operationsOf(suffix: string, format: Format): [string, Operation][] {
  const boxed = (compute: Computation): Computation => (_, env, a, b, c) =>
    compute(format, env, fromRegister(format, a), fromRegister(format, b), fromRegister(format, c));
  return [
    ...Object.entries(COMPUTATIONS).map(([name, compute]): [string, Operation] =>
      [`${name}.${suffix}`, (env, a, b, c) => toRegister(format, boxed(compute)(format, env, a, b, c))]),
    ...Object.entries(COMPARISONS).map(([name, compute]): [string, Operation] =>
      [`${name}.${suffix}`, (env, a, b, c) => boxed(compute)(format, env, a, b, c)]),
    ...Object.entries(INTEGERS).flatMap(([name, type]): [string, Operation][] => [
      [`fcvt.${name}.${suffix}`, (env, a) => toInteger(format, env, type, fromRegister(format, a))],
      [`fcvt.${suffix}.${name}`, (env, a) => toRegister(format, fromInteger(format, env, type, a))],
    ]),
  ];
}

const list = once((): readonly (readonly [string, Operation])[] => [
  ...operationsOf('s', SINGLE),
  ...operationsOf('d', DOUBLE),
  ['fcvt.s.d', (env, a) => toRegister(SINGLE, convert(DOUBLE, SINGLE, env, fromRegister(DOUBLE, a)))],
  ['fcvt.d.s', (env, a) => toRegister(DOUBLE, convert(SINGLE, DOUBLE, env, fromRegister(SINGLE, a)))],
]);

/** The operations; an operation's place numbers it. */
export const operations: () => readonly Operation[] = once(() => list().map(([, operation]) => operation));

const numbers = once((): ReadonlyMap<string, number> => new Map(list().map(([name], number) => [name, number])));

/** The number of the operation with a mnemonic. @throws RangeError where there is none */
export function operationNumber(name: string): number {
  const number = numbers().get(name);
  if (number === undefined) throw new RangeError(`${name} is no floating-point operation`);
  return number;
}
