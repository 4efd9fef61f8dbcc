/**
 * `npm run bench`: speed of both engines on guest programs, the cost of one device fault, start-up; ratios against QEMU where it is installed.
 *
 * Every figure is the median of several runs with its range. Ratios pair runs of one sitting: this machine may be noisy,
 * its noise then hits both sides.
 */
import { readFileSync } from 'node:fs';
import { createMachine } from '../src/index.js';
import { FramebufferDevice } from '../drivers/framebuffer/device.js';
import { framebufferDriver } from '../drivers/framebuffer/driver.js';
import { deviceFaultMicroseconds, guestFaultMicroseconds } from './device-fault.js';
import { benchInterpreter } from './interpreter.js';
import { formatSpread, milliseconds, spread } from './measure.js';
import { mmuNanoseconds } from './mmu.js';
import { faultMicroseconds, mapMicroseconds } from './scaling.js';
import { qemuMilliseconds, qemuVersion } from './qemu.js';
import { startUpMilliseconds } from './start-up.js';
import { WORKLOADS, type Workload } from './workloads.js';

const RUNS = 3;

const image = (name: string): Uint8Array => readFileSync(`guest/images/${name}.elf`);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Timed { readonly milliseconds: number; readonly instructions: number }

function runHere({ program, args }: Workload, engine: 'interpreter' | 'regions'): Timed {
  const hardware = new FramebufferDevice();
  const machine = createMachine({ devices: [{ path: 'fb0', hardware, driver: framebufferDriver }], engine: { engine }, stdout: () => {} });
  machine.spawn(image(program), [program, ...args], []);
  const ms = milliseconds(() => {
    const result = machine.run({});
    if (result.status !== 'exited' || result.code !== 0) throw new Error(`${program}: ${JSON.stringify(result)}`);
  });
  return { milliseconds: ms, instructions: machine.statistics().instructions };
}

function programs(): void {
  const version = qemuVersion();
  say(version === undefined ? 'qemu-system-riscv64 is not installed: no ratios' : `ratios against ${version}, -machine virt, Sv39, 4K pages`);
  say('million instructions/s; QEMU\'s time over ours, compiling included on both sides');
  say(`${'workload'.padEnd(20)}${'interpreter'.padEnd(14)}${'regions'.padEnd(26)}relative to QEMU`);
  const medians: number[] = [];
  for (const workload of WORKLOADS) {
    const mips: number[] = [];
    const ratios: number[] = [];
    const interpreted = speedOf(runHere(workload, 'interpreter'));
    for (let i = 0; i < RUNS; i++) {
      const here = runHere(workload, 'regions');
      mips.push(speedOf(here));
      if (version === undefined) continue;
      const empty = qemuMilliseconds(image('hello'), ['hello']);
      ratios.push(Math.max(qemuMilliseconds(image(workload.program), [workload.program, ...workload.args]) - empty, 1) / here.milliseconds);
    }
    if (ratios.length > 0) medians.push(spread(ratios).median);
    say(`${workload.name.padEnd(20)}${interpreted.toFixed(0).padEnd(14)}${formatSpread(spread(mips), 0).padEnd(26)}${ratios.length === 0 ? '-' : formatSpread(spread(ratios), 2)}`);
  }
  if (medians.length > 0) say(`${'geometric mean'.padEnd(60)}${Math.exp(medians.reduce((sum, ratio) => sum + Math.log(ratio), 0) / medians.length).toFixed(2)}`);
}

/** Million instructions a second. */
const speedOf = ({ instructions, milliseconds: ms }: Timed): number => instructions / ms / 1000;

function loops(): void {
  for (const { name, mips } of benchInterpreter()) say(`interpreter: ${name.padEnd(31)}${mips.toFixed(0)} million instructions/s`);
}

function translations(): void {
  mmuNanoseconds();
  for (const [name, ns] of Object.entries(mmuNanoseconds())) say(`${`one translation: ${name}`.padEnd(44)}${(ns as number).toFixed(0)} ns`);
}

function faults(): void {
  const repeat = (measure: () => number): string => formatSpread(spread(Array.from({ length: RUNS }, measure)), 2);
  deviceFaultMicroseconds();
  say(`device fault, 4K, through devmap_access     ${repeat(deviceFaultMicroseconds)} us`);
  guestFaultMicroseconds();
  say(`the same from a guest's store and back      ${repeat(guestFaultMicroseconds)} us`);
}

function scaling(): void {
  const row = (name: string, [few, a]: [string, () => number], [many, b]: [string, () => number]): void => {
    a();
    b();
    const [x, y] = [a(), b()];
    say(`${name.padEnd(44)}${few} ${x.toFixed(2)} us, ${many} ${y.toFixed(2)} us, ratio ${(y / x).toFixed(2)}`);
  };
  row('mapping and unmapping a device', ['1 MiB', () => mapMicroseconds(2 ** 20)], ['57 GiB', () => mapMicroseconds(57 * 2 ** 30)]);
  row('device fault, by segments', ['1', () => faultMicroseconds(0, 0)], ['2001', () => faultMicroseconds(2000, 0)]);
  row('device fault, by processes', ['1', () => faultMicroseconds(0, 0)], ['201', () => faultMicroseconds(0, 200)]);
}

function startUp(): void {
  for (const [name, times] of Object.entries(startUpMilliseconds())) say(`${`start to end: ${name}`.padEnd(44)}${formatSpread(times, 0)} ms`);
}

programs();
loops();
translations();
faults();
scaling();
startUp();
