/** All commands by the start of their packet. */
import type { Command } from './dialogue.js';
import { readBinary, readMemory, writeBinary, writeMemory } from './memory-commands.js';
import {
  attached, currentThread, firstThreads, monitorCommand, nextThreads, passSignals, selectThread, startNoAckMode, supported, threadAlive, threadInfo, transfer,
} from './query-commands.js';
import { readRegister, readRegisters, writeRegister, writeRegisters } from './register-commands.js';
import { attach, detach, goOn, goOnWith, interrupt, kill, killProcess, resumeEach, step, stepWith, whyStopped } from './resume-commands.js';
import { clearStop, setStop } from './stop-point-commands.js';

const ok: Command = () => 'OK';

/** Commands of more than one character. Their name ends at the first of `:`, `,`, `;`, `?` or at the end. */
const NAMED: ReadonlyMap<string, Command> = new Map([
  ['qSupported', supported], ['QStartNoAckMode', startNoAckMode], ['QPassSignals', passSignals], ['qC', currentThread], ['qfThreadInfo', firstThreads], ['qsThreadInfo', nextThreads],
  ['qThreadExtraInfo', threadInfo], ['qXfer', transfer], ['qAttached', attached], ['qRcmd', monitorCommand], ['qSymbol', ok],
  ['vCont', resumeEach], ['vCtrlC', interrupt], ['vKill', killProcess], ['vAttach', attach],
]);

/** Commands of one character, which what follows is the arguments of. */
const SHORT: ReadonlyMap<string, Command> = new Map([
  ['?', whyStopped], ['!', ok], ['g', readRegisters], ['G', writeRegisters], ['p', readRegister], ['P', writeRegister],
  ['m', readMemory], ['M', writeMemory], ['x', readBinary], ['X', writeBinary], ['c', goOn], ['C', goOnWith], ['s', step], ['S', stepWith],
  ['H', selectThread], ['T', threadAlive], ['Z', setStop], ['z', clearStop], ['D', detach], ['k', kill],
]);

/** The command of a packet and its arguments; undefined for one that is not supported, whose reply is empty. */
export function findCommand(payload: string): { readonly command: Command; readonly args: string } | undefined {
  const letter = payload.slice(0, 1);
  if (!/^[qQv]/.test(letter)) {
    const command = SHORT.get(letter);
    return command && { command, args: payload.slice(1) };
  }
  const name = /^[^:,;?]*/.exec(payload)![0];
  const command = NAMED.get(name);
  return command && { command, args: payload.slice(name.length) };
}
