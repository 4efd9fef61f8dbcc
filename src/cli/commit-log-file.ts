/** `--commit-log FILE`: every instruction all harts retire, in the format of Spike's --log-commits. */
import type { Bus } from '../bus/index.js';
import type { Hart } from '../hart/index.js';
import { BlockWriter, type StreamFailure } from './output.js';
import { fileReason } from './program-file.js';
import { UsageError } from './usage-error.js';

/**
 * Opens the file and lets the harts write to it. The result closes it.
 * @throws UsageError where it cannot be written
 */
export async function openCommitLog(path: string, harts: readonly Hart[], bus: Bus, failure: StreamFailure): Promise<BlockWriter> {
  const { CommitLog } = await import('../debug/index.js');
  let writer: BlockWriter;
  try {
    writer = new BlockWriter(path);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${fileReason(error)}`);
  }
  for (const hart of harts) hart.observer = new CommitLog(hart, bus, (line) => failure.guard(path, () => writer.line(line)));
  return writer;
}
