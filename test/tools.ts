/** Tests that compare with a tool which a fresh machine need not have: they run where it is installed, and say so where it is not. */
import { spawnSync } from 'node:child_process';

/** What a tool prints when asked for its version; undefined where it is not installed. */
export function toolVersion(tool: string, flag = '--version'): string | undefined {
  const { status, stdout } = spawnSync(tool, [flag], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Declares tests where their tool is there; otherwise one line on standard error names what is not compared, and why. */
export function whereInstalled(available: boolean, what: string, declare: () => void): void {
  if (available) declare();
  else process.stderr.write(`not compared here: ${what}\n`);
}
