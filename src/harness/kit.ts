/**
 * The driver kit: a whole machine around one driver, driven by calls a test writes down.
 *
 *     const kit = new DriverKit({ driver: myDriver, hardware: new MyDevice() });
 *     const mapping = kit.process().open().mmap({ len: 0x3000 });
 *     kit.expect('cutting a hole', () => mapping.unmap(0x1000, 0x1000), ['unmap [0x1000, 0x2000) of [0x0, 0x3000), leaving [0x0, 0x1000) and [0x2000, 0x3000)']);
 *     kit.finish();
 *
 * Nothing is mocked: the driver runs in the kernel that guests run in, on the same framework, page tables and devices.
 * Every step ends with a look at the ledger of handles, so a breach of the contract is reported by the step that made it.
 * Each call runs the machine's scheduler until it is done; `machine.choose` replaces its choices, which is where
 * exploration of schedules hooks in.
 */
import { Trace, invariant, traceText } from '../base/index.js';
import type { Hardware } from '../bus/index.js';
import type { DevInfo, Driver } from '../ddi/index.js';
import { type DeviceConfig, type Machine, type MachineConfig, createMachine } from '../machine/index.js';
import { ContractViolation, ExpectationFailed } from './errors.js';
import { KitProcess } from './kit-process.js';
import { DriverRecorder } from './recorder.js';

/** The driver under test with the hardware it drives. */
export interface DriverUnderTest {
  readonly driver: Driver;
  readonly hardware: Hardware;
  /** Name under /dev; "dut0" when absent. */
  readonly path?: string;
  /** Devices the hardware needs besides itself; they are attached first. */
  readonly others?: readonly DeviceConfig[];
  /**
   * How many private data records the driver of a node holds at this moment. When given, the kit compares it with the live
   * handles after every step.
   */
  readonly privateData?: (dip: DevInfo) => number;
  /**
   * Settings of the machine; devices and trace are the kit's. What is not said is small: see KIT_MACHINE.
   * `{ segdev: { mode: 'illumos' } }` runs the driver under segdev with the defects of its C text.
   */
  readonly machine?: Omit<MachineConfig, 'devices' | 'trace'>;
}

/**
 * A small machine, because a test makes one for every situation: 8 MiB of RAM, as much to back device memory, and a TLB that
 * still holds more than a test touches, so that a translation nobody fenced stays to be caught.
 */
const KIT_MACHINE: Omit<MachineConfig, 'devices' | 'trace'> = {
  ramSize: 8 * 2 ** 20,
  poolSize: 8 * 2 ** 20,
  tlb: {
    name: 'kit', title: 'small machine of the driver kit', sources: [], assumed: [], walkCache: [],
    levels: [[
      { name: '4K', sets: 256, ways: 4, pageSizes: ['4K', '64K'], replacement: 'fifo' },
      { name: '2M', sets: 16, ways: 4, pageSizes: ['2M'], replacement: 'fifo' },
      { name: '1G', sets: 4, ways: 4, pageSizes: ['1G'], replacement: 'fifo' },
    ]],
  },
};

/** A machine around one driver. */
export class DriverKit {
  readonly machine: Machine;
  /** Name of the driver's device under /dev. */
  readonly path: string;
  readonly recorder: DriverRecorder;
  readonly #subject: DriverUnderTest;
  readonly #processes: KitProcess[] = [];
  readonly #log: string[] = [];

  /**
   * Builds the machine and attaches the driver.
   * @throws RangeError when a device does not fit the address space, or attach(9E) fails
   */
  constructor(subject: DriverUnderTest) {
    const trace = new Trace();
    trace.listen((event) => this.#log.push(traceText(event)));
    this.recorder = new DriverRecorder(trace);
    this.#subject = subject;
    this.path = subject.path ?? 'dut0';
    const device: DeviceConfig = { path: this.path, hardware: subject.hardware, driver: subject.driver };
    this.machine = createMachine({ ...KIT_MACHINE, ...subject.machine, devices: [...(subject.others ?? []), device], trace });
  }

  /** The device's node in the device tree. */
  get dip(): DevInfo {
    const dev = this.machine.system.devices.get(this.path);
    invariant(dev !== undefined, 'the device under test is not in its machine', { path: this.path });
    return dev.dip;
  }

  /** A new process without a program; the test says what it does. */
  process(name = `process ${this.#processes.length + 1}`): KitProcess {
    return this.#adopt(new KitProcess(this.#port, this.machine.createProcess(name)));
  }

  /** Live handles by the ledger. */
  get liveHandles(): number {
    return this.recorder.ledger.live.size;
  }

  /** Every trace event so far as text, for people who look into a failure. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Runs `action` and returns the calls into the driver that it caused, as lines. `only` keeps calls of these names. */
  calls(action: () => void, only?: readonly string[]): string[] {
    const before = this.recorder.calls.length;
    action();
    return this.recorder.calls.slice(before).filter((call) => only === undefined || only.includes(call.name)).map((call) => call.text);
  }

  /**
   * Runs `action` and compares the calls into the driver with `expected`, line by line.
   * @throws ExpectationFailed with both lists side by side
   */
  expect(title: string, action: () => void, expected: readonly string[], only?: readonly string[]): void {
    const actual = this.calls(action, only);
    if (actual.length !== expected.length || actual.some((line, i) => line !== expected[i])) throw new ExpectationFailed(title, expected, actual);
  }

  /**
   * Ends every process and closes the books.
   * @throws ContractViolation when a handle or private data outlives its mapping
   */
  finish(): void {
    for (const process of this.#processes) if (process.alive) process.exit();
    const { ledger } = this.recorder;
    this.#report([...ledger.violations, ...ledger.leaks()]);
    this.recorder.close();
  }

  /** What the kit's processes need of it. */
  get #port(): ConstructorParameters<typeof KitProcess>[0] {
    return {
      path: this.path,
      adopt: (process) => this.#adopt(process),
      step: () => this.#check(),
      lastCall: () => this.recorder.calls.at(-1)?.text ?? '',
    };
  }

  #adopt(process: KitProcess): KitProcess {
    this.#processes.push(process);
    return process;
  }

  /** After every step: nothing broken, and as much private data as handles. */
  #check(): void {
    const { ledger } = this.recorder;
    const held = this.#subject.privateData?.(this.dip);
    const live = ledger.live.size;
    const uneven = held === undefined || held === live
      ? []
      : [{ rule: 'CB08', what: `the driver holds ${held} private data records for ${live} live handles` }];
    this.#report([...ledger.violations, ...uneven]);
  }

  #report(violations: ContractViolation['violations']): void {
    if (violations.length > 0) throw new ContractViolation(violations, this.recorder.calls.map((call) => call.text));
  }
}
