/** What a process has mapped: its segments, and for those of devices the driver, the offset and the devmap handles. */
import { PAGESIZE, hex } from '../base/index.js';
import { DEVMAP_ALLOW_REMAP, DEVMAP_MAPPING_INVALID, protText } from '../ddi/index.js';
import type { Process } from '../process/index.js';
import { DEVMAP_FLAG_LARGE, type DevmapHandle, SegdevData, dhp_is_devmem, dhp_is_pmem } from '../segdev/index.js';

const LARGEST = ['4K', '2M', '1G'] as const;

function handleLine(dhp: DevmapHandle): string {
  const behind = dhp_is_devmem(dhp) ? `device memory at ${hex(dhp.pfn * PAGESIZE)}` : dhp_is_pmem(dhp) ? 'page memory' : dhp.cookie === undefined ? 'nothing' : 'kernel memory';
  const flags = [
    [DEVMAP_MAPPING_INVALID, 'invalid'], [DEVMAP_ALLOW_REMAP, 'may be remapped'], [DEVMAP_FLAG_LARGE, 'large pages'],
  ] as const;
  const notes = flags.filter(([bit]) => (dhp.flags & bit) !== 0).map(([, text]) => `, ${text}`).join('');
  const callbacks = (['map', 'access', 'dup', 'unmap'] as const).filter((name) => dhp.callbackops[name] !== undefined);
  return `    handle h${dhp.id} ${hex(dhp.uvaddr)}+${hex(dhp.len)} offset ${hex(dhp.uoff)} ${protText(dhp.prot)} (at most ${protText(dhp.maxprot)}), ${behind}`
    + `${dhp.roff === 0 ? '' : ` from ${hex(dhp.roff)}`}, pages up to ${LARGEST[dhp.mmulevel] ?? dhp.mmulevel}${notes}`
    + (callbacks.length === 0 ? '' : `, devmap_${callbacks.join('/')}`);
}

function deviceLines(data: SegdevData): string[] {
  const { dev } = data.vp;
  const kind = data.mapfunc !== undefined ? 'mmap(9E)' : 'devmap(9E)';
  const lines = [`  device ${dev.label}, driver ${dev.dip?.name ?? '?'}, offset ${hex(data.offset)}, by ${kind}`];
  for (let dhp = data.devmap_data; dhp !== undefined; dhp = dhp.next) lines.push(handleLine(dhp));
  return lines;
}

/** The mappings of a process as /proc/PID/maps has them, device segments with what the segment driver knows. */
export function mappingsReport(process: Process): string {
  const { as } = process.proc;
  const segs = [...as.segs];
  return process.maps().split('\n').flatMap((line) => {
    const from = Number.parseInt(line, 16);
    const seg = segs.find((candidate) => candidate.base === from);
    return seg?.data instanceof SegdevData ? [line, ...deviceLines(seg.data)] : [line];
  }).join('\n');
}
