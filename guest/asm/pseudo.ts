/**
 * Pseudo-instructions: what each stands for, as source. [RISC-V Assembly Programmer's Manual, Pseudoinstructions]
 *
 * `$1`, `$2` stand for the operands and `$here` for the address of the machine instruction. A form is chosen by its
 * operands: r is a register, f a floating-point register, e an expression, m a memory operand like 8(sp).
 */
import { Mistake } from './error.js';
import type { Expression } from './expression.js';
import { registerNumber } from './isa.js';
import { loadImmediate } from './load-immediate.js';
import { parse } from './parser.js';
import type { Operand, Statement } from './parser.js';

const loads = ['lb', 'lh', 'lw', 'ld', 'lbu', 'lhu', 'lwu'];
const stores = ['sb', 'sh', 'sw', 'sd'];
const floatFormats = ['s', 'd'];
const immediates = ['add', 'and', 'or', 'xor', 'slt', 'sll', 'srl', 'sra', 'addw', 'sllw', 'srlw', 'sraw', 'ror', 'rorw', 'bclr', 'bext', 'binv', 'bset'];
/** CSR, and the names of the instructions that read it, write it, and write an immediate to it. */
const floatCsrs = [['fcsr', 'frcsr', 'fscsr', ''], ['frm', 'frrm', 'fsrm', 'fsrmi'], ['fflags', 'frflags', 'fsflags', 'fsflagsi']] as const;
const address = (low: string): string => `auipc $1, %pcrel_hi($2); ${low}`;

const forms: readonly (readonly [name: string, operands: string, means: string])[] = [
  ['nop', '', 'addi x0, x0, 0'],
  ['la', 're', address('addi $1, $1, %pcrel_lo($here-4)')],
  ['lla', 're', address('addi $1, $1, %pcrel_lo($here-4)')],
  ...loads.map((name) => [name, 're', address(`${name} $1, %pcrel_lo($here-4)($1)`)] as const),
  ...stores.map((name) => [name, 'rer', `auipc $3, %pcrel_hi($2); ${name} $1, %pcrel_lo($here-4)($3)`] as const),
  ['mv', 'rr', 'addi $1, $2, 0'],
  ['not', 'rr', 'xori $1, $2, -1'],
  ['neg', 'rr', 'sub $1, x0, $2'],
  ['negw', 'rr', 'subw $1, x0, $2'],
  ['sext.w', 'rr', 'addiw $1, $2, 0'],
  ['zext.b', 'rr', 'andi $1, $2, 255'],
  ['zext.w', 'rr', 'add.uw $1, $2, x0'],
  ['seqz', 'rr', 'sltiu $1, $2, 1'],
  ['snez', 'rr', 'sltu $1, x0, $2'],
  ['sltz', 'rr', 'slt $1, $2, x0'],
  ['sgtz', 'rr', 'slt $1, x0, $2'],
  ['sgt', 'rrr', 'slt $1, $3, $2'],
  ['sgtu', 'rrr', 'sltu $1, $3, $2'],
  ['beqz', 're', 'beq $1, x0, $2'],
  ['bnez', 're', 'bne $1, x0, $2'],
  ['blez', 're', 'bge x0, $1, $2'],
  ['bgez', 're', 'bge $1, x0, $2'],
  ['bltz', 're', 'blt $1, x0, $2'],
  ['bgtz', 're', 'blt x0, $1, $2'],
  ['bgt', 'rre', 'blt $2, $1, $3'],
  ['ble', 'rre', 'bge $2, $1, $3'],
  ['bgtu', 'rre', 'bltu $2, $1, $3'],
  ['bleu', 'rre', 'bgeu $2, $1, $3'],
  ['j', 'e', 'jal x0, $1'],
  ['jal', 'e', 'jal x1, $1'],
  ['jr', 'r', 'jalr x0, 0($1)'],
  ['jr', 'm', 'jalr x0, $1'],
  ['jalr', 'r', 'jalr x1, 0($1)'],
  ['jalr', 'm', 'jalr x1, $1'],
  ['jalr', 'rr', 'jalr $1, 0($2)'],
  ['jalr', 'rre', 'jalr $1, $3($2)'],
  ['ret', '', 'jalr x0, 0(x1)'],
  ['call', 'e', 'auipc x1, %pcrel_hi($1); jalr x1, %pcrel_lo($here-4)(x1)'],
  ['call', 're', 'auipc $1, %pcrel_hi($2); jalr $1, %pcrel_lo($here-4)($1)'],
  ['tail', 'e', 'auipc x6, %pcrel_hi($1); jalr x0, %pcrel_lo($here-4)(x6)'],
  ['jump', 'er', 'auipc $2, %pcrel_hi($1); jalr x0, %pcrel_lo($here-4)($2)'],
  ['fence', '', 'fence iorw, iorw'],
  ['pause', '', '.word 0x0100000f'],
  ['fence.tso', '', '.word 0x8330000f'],
  ['unimp', '', '.word 0xc0001073'],
  ['c.unimp', '', '.half 0'],
  ['sfence.vma', '', 'sfence.vma x0, x0'],
  ['sfence.vma', 'r', 'sfence.vma $1, x0'],
  ['csrr', 're', 'csrrs $1, $2, x0'],
  ['csrw', 'er', 'csrrw x0, $1, $2'],
  ['csrs', 'er', 'csrrs x0, $1, $2'],
  ['csrc', 'er', 'csrrc x0, $1, $2'],
  ...['w', 's', 'c'].flatMap((letter) => [`csr${letter}i`, `csr${letter}`].map((name) => [name, 'ee', `csrr${letter}i x0, $1, $2`] as const)),
  ...['csrrw', 'csrrs', 'csrrc'].map((name) => [name, 'ree', `${name}i $1, $2, $3`] as const),
  ['rdcycle', 'r', 'csrrs $1, cycle, x0'],
  ['rdtime', 'r', 'csrrs $1, time, x0'],
  ['rdinstret', 'r', 'csrrs $1, instret, x0'],
  ...immediates.map(
    (name) => [name, 'rre', `${name.replace(/w?$/, (w) => `i${w}`)} $1, $2, $3`] as const),
  ['sltu', 'rre', 'sltiu $1, $2, $3'],
  ...['flw', 'fld', 'fsw', 'fsd'].map((name) => [name, 'fer', `auipc $3, %pcrel_hi($2); ${name} $1, %pcrel_lo($here-4)($3)`] as const),
  ...floatFormats.flatMap((format) => [
    ...[['fmv', 'fsgnj'], ['fneg', 'fsgnjn'], ['fabs', 'fsgnjx']].map(([name, means]) => [`${name}.${format}`, 'ff', `${means}.${format} $1, $2, $2`] as const),
    ...['t', 'e'].map((order) => [`fg${order}.${format}`, 'rff', `fl${order}.${format} $1, $3, $2`] as const),
  ]),
  ['fmv.x.s', 'rf', 'fmv.x.w $1, $2'],
  ['fmv.s.x', 'fr', 'fmv.w.x $1, $2'],
  ...floatCsrs.flatMap(([csr, read, write, immediate]) => [
    [read, 'r', `csrrs $1, ${csr}, x0`] as const,
    [write, 'r', `csrrw x0, ${csr}, $1`] as const,
    [write, 'rr', `csrrw $1, ${csr}, $2`] as const,
    [immediate, 'e', `csrrwi x0, ${csr}, $1`] as const,
    [immediate, 're', `csrrwi $1, ${csr}, $2`] as const,
  ]),
];

const known: ReadonlyMap<string, readonly (readonly [string, string])[]> = (() => {
  const map = new Map<string, [string, string][]>();
  for (const [name, operands, means] of forms) map.set(name, [...(map.get(name) ?? []), [operands, means]]);
  return map;
})();
const parsed = new Map<string, readonly Statement[]>();

/** Whether an operand is of a kind as `forms` spells them. The names of f registers may also be symbols. */
function isOf(kind: string | undefined, operand: Operand): boolean {
  if (operand.kind !== 'expression') return kind === (operand.kind === 'memory' ? 'm' : 'e');
  const name = operand.expression.kind === 'symbol' ? operand.expression.name : '';
  if (kind === 'f') return registerNumber(name, 'f') !== undefined;
  return kind === (registerNumber(name) === undefined ? 'e' : 'r');
}

const suits = (kinds: string, { operands }: Statement): boolean => kinds.length === operands.length && operands.every((operand, i) => isOf(kinds[i], operand));

/** The operand forms of a pseudo-instruction, as a message lists them; undefined where there is none of that name. */
export function pseudoForms(name: string): string[] | undefined {
  if (name === 'li') return ['li register, constant'];
  const words = new Map([['r', 'register'], ['f', 'f register'], ['e', 'expression'], ['m', 'offset(register)']]);
  return known.get(name)?.map(([operands]) => `${name} ${operands.split('').map((kind) => words.get(kind)).join(', ')}`.trim());
}

/**
 * The statements a pseudo-instruction stands for; undefined where it is none, or is a machine instruction in this form.
 * @param constant evaluates an expression that must be a number by now
 * @throws Mistake
 */
export function expand(statement: Statement, constant: (e: Expression) => bigint): readonly Statement[] | undefined {
  const isLi = statement.name === 'li' && suits('re', statement);
  const means = isLi ? liForm(statement, constant) : known.get(statement.name)?.find(([kinds]) => suits(kinds, statement))?.[1];
  if (means === undefined) return undefined;
  let template = parsed.get(means);
  if (template === undefined) {
    template = parse(means);
    if (!isLi) parsed.set(means, template);
  }
  const { line, column } = statement;
  return template.map((step) => ({ ...step, line, column, operands: step.operands.map((o) => substitute(o, statement)) }));
}

function liForm(statement: Statement, constant: (e: Expression) => bigint): string {
  const operand = statement.operands[1];
  if (operand?.kind !== 'expression') throw new Mistake('li needs a constant', statement);
  const value = constant(operand.expression);
  if (value < -(1n << 63n) || value >= 1n << 64n) throw new Mistake(`${value} does not fit in 64 bits`, operand);
  return loadImmediate(BigInt.asIntN(64, value)).join('; ');
}

function substitute(operand: Operand, statement: Statement): Operand {
  const { line, column } = statement;
  if (operand.kind === 'string') return operand;
  if (operand.kind === 'memory') {
    const base = /^\$\d$/.test(operand.base) ? symbolName(argument(operand.base, statement)) : operand.base;
    return { kind: 'memory', offset: operand.offset && replace(operand.offset, statement), base, line, column };
  }
  const { expression } = operand;
  if (expression.kind === 'symbol' && /^\$\d$/.test(expression.name)) return argument(expression.name, statement);
  return { kind: 'expression', expression: replace(expression, statement), line, column };
}

function argument(name: string, statement: Statement): Operand {
  return statement.operands[Number(name.slice(1)) - 1]!;
}

const symbolName = (operand: Operand): string =>
  (operand.kind === 'expression' && operand.expression.kind === 'symbol' ? operand.expression.name : '');

function replace(e: Expression, statement: Statement): Expression {
  const { line, column } = statement;
  switch (e.kind) {
    case 'symbol': {
      if (e.name === '$here') return { kind: 'here', line, column };
      const given = /^\$\d$/.test(e.name) ? argument(e.name, statement) : undefined;
      return given?.kind === 'expression' ? given.expression : { ...e, line, column };
    }
    case 'unary': return { ...e, operand: replace(e.operand, statement), line, column };
    case 'binary': return { ...e, left: replace(e.left, statement), right: replace(e.right, statement), line, column };
    case 'part': return { ...e, of: replace(e.of, statement), line, column };
    default: return { ...e, line, column };
  }
}
