/** The texts of /proc/PID/stat and /proc/PID/status (proc(5)). */
import { PAGESIZE } from '../../base/index.js';
import type { Proc } from '../proc.js';

/** Bytes of address space. */
const size = (proc: Proc): number => {
  let bytes = 0;
  for (const seg of proc.as.segs) bytes += seg.size;
  return bytes;
};

function letter(proc: Proc): string {
  if (proc.zombie) return 'Z';
  const threads = [...proc.threads];
  return proc.stopped ? 'T' : threads.length > 0 && threads.every(({ kthread }) => kthread?.state === 'sleeping') ? 'S' : 'R';
}

/** Number of fields of /proc/PID/stat. */
const STAT_FIELDS = 52;

/** /proc/PID/stat: what is not known is 0. */
export function statText(proc: Proc): string {
  const fields = Array.from({ length: STAT_FIELDS }, (): number | string => 0);
  const parent = proc.parent?.pid ?? 0;
  fields.splice(0, 8, proc.pid, `(${proc.name})`, letter(proc), parent, proc.pgid, proc.sid, 0, -1);
  [fields[17], fields[18], fields[19]] = [20, 0, Math.max(1, proc.threads.size)];
  [fields[22], fields[23], fields[24]] = [size(proc), 0, String(2n ** 64n - 1n)];
  return `${fields.join(' ')}\n`;
}

/** /proc/PID/status. */
export function statusText(proc: Proc): string {
  const states: Readonly<Record<string, string>> = { R: 'R (running)', S: 'S (sleeping)', T: 'T (stopped)', Z: 'Z (zombie)' };
  const parent = proc.parent?.pid ?? 0;
  const lines: readonly (readonly [string, string | number])[] = [
    ['Name', proc.name], ['Umask', proc.fs.umask.toString(8).padStart(4, '0')], ['State', states[letter(proc)] ?? ''], ['Tgid', proc.pid], ['Ngid', 0], ['Pid', proc.pid],
    ['PPid', parent], ['TracerPid', 0], ['Uid', '0\t0\t0\t0'], ['Gid', '0\t0\t0\t0'], ['FDSize', 64], ['VmSize', `${size(proc) / 1024} kB`], ['VmPage', `${PAGESIZE / 1024} kB`],
    ['Threads', Math.max(1, proc.threads.size)],
  ];
  return lines.map(([name, value]) => `${name}:\t${value}\n`).join('');
}
