/** Conformance tests in processes of their own, so that they use all processors and one that goes wrong takes no other with it. */
import { type ChildProcess, fork } from 'node:child_process';
import { runConformanceTest, type Verdict } from '../bare/index.js';
import { referenceOf, type TestFile } from './conformance-files.js';
import type { EngineChoice } from './engine-options.js';
import { fs, now } from './host.js';
import { takePrebuilt } from './prebuilt.js';

/** What a worker is asked. */
interface Order {
  readonly path: string;
  readonly maxInstructions: number;
  readonly engine: EngineChoice;
}

/** What came of one test, and how long it took. */
export interface TestResult extends Verdict {
  readonly file: TestFile;
  readonly seconds: number;
}

/** The argument that makes the command a worker. */
export const WORKER = '--worker';

/** Serves orders from the parent process until it goes away. */
export function serveTests(): Promise<number> {
  takePrebuilt();
  process.on('message', ({ path, maxInstructions, engine }: Order) => {
    process.send!(runConformanceTest({ program: fs.readFileSync(path), reference: referenceOf(path), maxInstructions, engine }));
  });
  return new Promise((done) => void process.once('disconnect', () => done(0)));
}

/**
 * Runs all tests.
 * @param jobs processes at a time
 * @param how what holds for each test
 * @param report called with each result, in the order in which tests end
 */
export async function runTests(files: readonly TestFile[], jobs: number, how: Omit<Order, 'path'>, report: (result: TestResult) => void): Promise<void> {
  const queue = [...files];
  const serve = async (): Promise<void> => {
    let worker: ChildProcess | undefined;
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      worker ??= fork(process.argv[1]!, ['conformance', WORKER]);
      const start = now();
      const verdict = await ask(worker, { path: file.path, ...how });
      if (verdict === undefined) worker = undefined;
      report({ file, seconds: (now() - start) / 1000, ...(verdict ?? { verdict: 'fail', reason: 'the process that ran it has died', instructions: 0 }) });
    }
    worker?.disconnect();
  };
  await Promise.all(Array.from({ length: Math.min(jobs, files.length) }, serve));
}

/** A worker's answer, undefined where it dies instead. */
function ask(worker: ChildProcess, order: Order): Promise<Verdict | undefined> {
  return new Promise((resolve) => {
    const answer = (verdict: Verdict): void => settle(verdict);
    const died = (): void => settle(undefined);
    const settle = (verdict: Verdict | undefined): void => {
      worker.removeListener('message', answer).removeListener('exit', died);
      resolve(verdict);
    };
    worker.once('message', answer).once('exit', died);
    worker.send(order);
  });
}
