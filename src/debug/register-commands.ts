/** g, G, p and P: registers. */
import { type Command, type Dialogue, REFUSED } from './dialogue.js';
import { parseNumber, parseRegister, registerText } from './hex-text.js';
import type { ThreadId } from './target.js';
import type { TargetRegister } from './target-description.js';

/** A register's digits; x for each where its value is not to be had. */
function digitsOf(dialogue: Dialogue, thread: ThreadId, register: TargetRegister): string {
  const value = dialogue.target.readRegister(thread, register);
  return value === undefined ? 'x'.repeat(register.bits / 4) : registerText(value, register.bits);
}

const inPacket = ({ target }: Dialogue): readonly TargetRegister[] => target.registers.slice(0, target.packetRegisters);

/** g: the registers of the cpu feature. */
export const readRegisters: Command = (dialogue, args) => {
  const thread = dialogue.thread();
  if (args !== '') return REFUSED.invalid;
  return thread === undefined ? REFUSED.noThread : inPacket(dialogue).map((register) => digitsOf(dialogue, thread, register)).join('');
};

/** G: the same, to be written; registers written with x keep their value. */
export const writeRegisters: Command = (dialogue, args) => {
  const thread = dialogue.thread();
  if (thread === undefined) return REFUSED.noThread;
  const registers = inPacket(dialogue);
  if (args.length !== registers.reduce((sum, { bits }) => sum + bits / 4, 0)) return REFUSED.invalid;
  const values: (bigint | undefined)[] = [];
  let at = 0;
  for (const { bits } of registers) {
    const text = args.slice(at, at + bits / 4);
    const value = parseRegister(text);
    if (value === undefined && !/^x+$/.test(text)) return REFUSED.invalid;
    values.push(value);
    at += text.length;
  }
  for (const [i, register] of registers.entries()) {
    const value = values[i];
    if (value !== undefined) dialogue.target.writeRegister(thread, register, value);
  }
  return 'OK';
};

function find(dialogue: Dialogue, text: string): TargetRegister | undefined {
  const number = parseNumber(text);
  return dialogue.target.registers.find((register) => BigInt(register.number) === number);
}

/** p NUMBER: one register. */
export const readRegister: Command = (dialogue, args) => {
  const thread = dialogue.thread();
  if (thread === undefined) return REFUSED.noThread;
  const register = find(dialogue, args);
  return register === undefined ? REFUSED.invalid : digitsOf(dialogue, thread, register);
};

/** P NUMBER=VALUE. */
export const writeRegister: Command = (dialogue, args) => {
  const thread = dialogue.thread();
  if (thread === undefined) return REFUSED.noThread;
  const equals = args.indexOf('=');
  const register = find(dialogue, args.slice(0, Math.max(equals, 0)));
  const text = args.slice(equals + 1);
  const value = parseRegister(text);
  if (equals < 0 || register === undefined || value === undefined || text.length !== register.bits / 4) return REFUSED.invalid;
  return dialogue.target.writeRegister(thread, register, value) ? 'OK' : REFUSED.permission;
};
