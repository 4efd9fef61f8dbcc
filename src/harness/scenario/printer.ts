/** Trace events as the lines of a scenario trace. Events of the driver are printed by the mock itself. */
import type { TraceEvent, TraceEvents, TraceKind } from '../../base/index.js';
import { hex } from '../../base/index.js';

type Printers = { readonly [K in TraceKind]?: (fields: TraceEvents[K]) => string | undefined };

const ddi = (result: string): string => (result === 'DDI_SUCCESS' ? result : result === 'DDI_FAILURE' || result === '-1' ? 'DDI_FAILURE' : `DDI(${result})`);

const mapcount = (kind: string, e: TraceEvents['delmap'], result: string): string =>
  `${kind} c${e.dev} ${e.as} off=${hex(e.off)} va=${hex(e.va)} len=${hex(e.len)} prot=${e.prot} maxprot=${e.maxprot} type=${e.type}${result} mapcnt=${e.mapcnt}`;

/** The printers by event. */
function printers(options: { readonly kmem: boolean; readonly signals: boolean }): Printers {
  return {
    'ddi_map': (e) => `ddi_map ${e.dev} rn=${e.rnumber} off=${hex(e.off)} len=${hex(e.len)} prot=${e.prot} -> ${ddi(e.result)} pfn=${hex(Math.max(e.pfn, 0))}`,
    'ddi_map_fault': (e) => `ddi_map_fault ${e.dev} va=${hex(e.va)} pfn=${hex(e.pfn)} prot=${e.prot} lock=${e.lock} -> ${ddi(e.result)}`,
    'ddi_device_mapping_check': (e) => `ddi_device_mapping_check ${e.dev} rn=${e.rnumber} -> ${e.result}`,
    'addmap': (e) => mapcount('addmap', e, ` -> ${e.result}`),
    'delmap': (e) => mapcount('delmap', e, ''),
    'map_addr': (e) => `map_addr len=${hex(e.len)} off=${hex(e.off)} align=${hex(e.align)} -> ${hex(e.va)}`,
    'seg_alloc': (e) => `seg_alloc ${e.as} base=${hex(e.base)} size=${hex(e.size)}`,
    'seg_alloc.none': (e) => `seg_alloc ${e.as} base=${hex(e.base)} size=${hex(e.size)} -> none`,
    'seg_free': (e) => `seg_free ${e.as} base=${hex(e.base)} size=${hex(e.size)}`,
    'hat_devload': (e) => `hat_devload ${e.as} va=${hex(e.va)} len=${hex(e.len)} pfn=${hex(e.pfn)} attr=${e.attr} flags=${hex(e.flags)}`,
    'hat_unload': (e) => `hat_unload ${e.as} va=${hex(e.va)} len=${hex(e.len)} flags=${hex(e.flags)}`,
    'hat_unlock': (e) => `hat_unlock ${e.as} va=${hex(e.va)} len=${hex(e.len)}`,
    'hat_chgprot': (e) => `hat_chgprot ${e.as} va=${hex(e.va)} len=${hex(e.len)} prot=${e.prot}`,
    'hat-gone': (e) => `hat-gone ${hex(e.bytes)}${e.locked === '' ? '' : ` ${e.locked}`}`,
    'timeout': (e) => `timeout t${e.id} ticks=${e.ticks}`,
    'timeout-fire': (e) => `timeout-fire t${e.id} at=${e.at}`,
    'untimeout': (e) => `untimeout t${e.id} -> ${e.left}`,
    'copyfromdev': (e) => `copyfromdev ${e.dev} off=${hex(e.off)} n=${e.len}`,
    'copytodev': (e) => `copytodev ${e.dev} off=${hex(e.off)} n=${e.len}`,
    'cv_wait': (e) => (options.signals && e.cv.startsWith('softlock') ? 'cv_wait_sig &(slock)->cv interrupted' : undefined),
    'kmem_alloc': (e) => (options.kmem ? `kmem_alloc ${e.what} n=${e.n}` : undefined),
    'kmem_free': (e) => (options.kmem ? `kmem_free ${e.what} n=${e.n}` : undefined),
    'finding': (e) => (e.rule === 'ASSERT' ? `ASSERT-IGNORED ${e.what}` : `finding ${e.rule} ${e.what}`),
  };
}

/** A sink that prints. `findings` says whether reports of broken rules belong into the trace. */
export function printer(say: (line: string) => void, options: { kmem: boolean; signals: boolean; findings: boolean }): (event: TraceEvent) => void {
  const table: Printers = printers(options);
  return (event) => {
    const print = table[event.kind] as ((fields: TraceEvents[TraceKind]) => string | undefined) | undefined;
    const line = print?.(event.fields);
    if (line === undefined || (line.startsWith('finding ') && !options.findings)) return;
    say(`  ${line}`);
  };
}
