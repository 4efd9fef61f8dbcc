/** The kernel thread behind a user thread: take a hart, run the program, handle its traps, give the hart to the next. */
import { HarnessBug, KernelPanic } from '../base/index.js';
import { BackingExhausted } from '../bus/index.js';
import { Exit } from '../hart/index.js';
import { preempt } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Hart } from '../hart/index.js';
import type { Cpu } from './cpu.js';
import { deliverSignals, untilContinued } from './deliver.js';
import { leaveProcess } from './thread-exit.js';
import type { Lwp } from './lwp.js';
import type { System } from './system.js';
import { handleTrap, isSystemCall } from './trap.js';

/**
 * Instructions a turn may be longer while the hart holds a reservation: a constrained LR/SC loop has at most 16 (RISC-V Unprivileged,
 * "Eventual Success of Store-Conditional Instructions"), and a switch in its middle ends the reservation, every time with a short turn.
 */
const RESERVATION_GRACE = 16;
/**
 * Instructions a thread executes at a time while nobody else could have a turn, in whole turns: handing each to itself takes as long as
 * some thousand instructions.
 */
const ALONE = 400_000;
/** Faults of one thread between two points where the run may be stopped; they execute no instruction, so no turn ends by them. */
const FAULTS_AT_A_TIME = 16;

/** The body of the kernel thread that runs the program of `lwp` until the thread or its process ends. */
export function* runUser(system: System, lwp: Lwp): Kgen<void> {
  const { proc, signals } = lwp;
  newTurn(system, lwp);
  for (;;) {
    if (lwp.doomed || proc.status !== undefined) break;
    if (proc.stopped) yield* offCpu(system, lwp, untilContinued(system, proc));
    if (signals.deliverable || lwp.interrupted !== undefined) {
      yield* offCpu(system, lwp, deliverSignals(system, lwp));
      continue;
    }
    if (system.debugger?.holds(lwp) === true) {
      yield* offCpu(system, lwp, system.debugger.released(lwp));
      continue;
    }
    // While this thread waits others run, and may end it.
    if (system.budget <= 0) {
      yield* system.granted();
      continue;
    }
    if (lwp.cpu === undefined) {
      yield* takeCpu(system, lwp);
      continue;
    }
    const { cpu } = lwp;
    const exit = turn(system, lwp, cpu);
    if (exit === Exit.Trap) yield* trapped(system, lwp, cpu);
    else if (exit === Exit.Breakpoint || exit === Exit.Watchpoint) system.debugger?.stopped(lwp, exit);
    else if (exit !== Exit.Quantum) throw new HarnessBug('the hart stopped for a reason no user program can give', { exit, pid: proc.pid });
    if (lwp.slice <= 0 && (isAlone(system) || !mayStoreYet(lwp))) yield* endTurn(system, lwp);
    else if (system.kernel.clock.nextEvent <= system.kernel.clock.now) yield* preempt();
  }
  lwp.lastCpu?.discard(lwp);
  giveCpu(system, lwp);
  leaveProcess(system, lwp);
}

/** Runs the program until it traps, its turn is over and somebody else might have one, an event is due, or nobody may execute any more. */
function turn(system: System, lwp: Lwp, cpu: Cpu): Exit {
  const { clock } = system.kernel;
  cpu.load(lwp);
  cpu.use(lwp.proc.as.hat);
  const untilEvent = Math.max(1, Math.ceil(clock.nextEvent - clock.now));
  const { hart } = cpu;
  const before = hart.instret;
  const most = Math.min(lwp.slice + moreTurns(system), system.budget, untilEvent, system.debugger?.most(lwp) ?? Infinity);
  const exit = runHart(hart, most, system.debugger?.passes(lwp) ?? false);
  lwp.charge(system, hart.instret - before);
  if (lwp.slice < 0 || (lwp.slice === 0 && exit === Exit.Trap)) intoThisTurn(system, lwp, exit);
  return exit;
}

/** Instructions of further turns the thread may have at once: nobody is there who could have them, and events and traps end the run. */
function moreTurns(system: System): number {
  if (!isAlone(system) || system.debugger !== undefined) return 0;
  return Math.max(0, Math.floor(ALONE / system.quantum) - 1) * system.quantum;
}

/** Whether nobody else could have the next turn; then nothing comes between a reservation and its store either. */
const isAlone = ({ cpus, kernel }: System): boolean => !kernel.othersWait && !cpus.wanted;

/**
 * Forgets the turns that are over, so that of the last one is left what would be if each had been given by itself: then a trap behind
 * its last instruction is the first thing of the next.
 */
function intoThisTurn(system: System, lwp: Lwp, exit: Exit): void {
  const over = -lwp.slice % system.quantum;
  newTurn(system, lwp);
  if (over > 0) lwp.slice -= over;
  else if (exit !== Exit.Trap) lwp.slice = 0;
}

/** Handles a trap. A fault is preceded, not followed, by the point where others may run: nobody takes the page away before its use. */
function* trapped(system: System, lwp: Lwp, cpu: Cpu): Kgen<void> {
  if (!isSystemCall(cpu) && ++lwp.faults % FAULTS_AT_A_TIME === 0) yield* preempt();
  yield* offCpu(system, lwp, handleTrap(system, lwp, cpu));
}

/** Whether the turn goes on by one instruction, so that the sc of a reservation may be reached. */
function mayStoreYet(lwp: Lwp): boolean {
  if (lwp.grace === 0 || lwp.cpu?.hart.reserved !== true) return false;
  lwp.grace--;
  lwp.slice = 1;
  return true;
}

function newTurn(system: System, lwp: Lwp): void {
  lwp.slice = system.quantum;
  lwp.grace = RESERVATION_GRACE;
}

function runHart(hart: Hart, quantum: number, pass: boolean): Exit {
  try {
    return hart.run(quantum, pass);
  } catch (error) {
    // The host cannot back device memory any more: there is no kernel that could go on.
    if (error instanceof BackingExhausted) throw new KernelPanic('panic', error.message);
    throw error;
  }
}

/** Runs kernel code for `lwp`; the hart is free for others from its first sleep on. */
function* offCpu(system: System, lwp: Lwp, work: Kgen<void>): Kgen<void> {
  for (let step = work.next(); step.done !== true; step = work.next()) {
    giveCpu(system, lwp);
    yield step.value;
  }
}

function* takeCpu(system: System, lwp: Lwp): Kgen<void> {
  const cpu = yield* system.cpus.take(lwp, lwp.lastCpu);
  // Another one is taken only while somebody uses the last one, and then our registers have been saved.
  lwp.lastCpu = cpu;
  lwp.cpu = cpu;
}

function giveCpu(system: System, lwp: Lwp): void {
  if (lwp.cpu === undefined) return;
  system.cpus.give(lwp.cpu);
  lwp.cpu = undefined;
}

function* endTurn(system: System, lwp: Lwp): Kgen<void> {
  newTurn(system, lwp);
  if (system.cpus.wanted) giveCpu(system, lwp);
  yield* preempt();
}
