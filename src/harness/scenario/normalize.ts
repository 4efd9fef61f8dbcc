/**
 * Reduces a scenario trace to what an implementation must reproduce: how its kernel finds memory is left out, frames of
 * memory are numbered as they appear, and in a run that stopped, the operation that stopped it is not compared.
 */
const LEFT_OUT = /^ {2}(specfind|vn_hold|vn_rele|hat_map|hat-note|segkmem_alloc|segkp_\w+|page_\w+|vmem_\w+|bzero|cmn_err|cv_wait|cv_broadcast|cv_signal|ddi_umem_unlock)\b/;
const FIRST_DEVICE_FRAME = 0x80000;
const ENDINGS: Readonly<Record<string, string>> = { assert: 'panic', crash: 'panic', hang: 'panic' };

/** The lines of a trace that an implementation must reproduce, in comparable form. */
export function normalize(trace: readonly string[]): string[] {
  const frames = new Map<number, number>();
  const frame = (text: string, digits: string): string => {
    const pfn = Number.parseInt(digits, 16);
    if (pfn >= FIRST_DEVICE_FRAME) return text;
    if (!frames.has(pfn)) frames.set(pfn, frames.size + 1);
    return `pfn=mem${frames.get(pfn)}`;
  };
  const end = trace.findLast((line) => line.startsWith('end '))?.slice(4) ?? 'missing';
  const ending = ENDINGS[end] ?? end;
  let body = trace.filter((line) => /^(> |= | {2})/.test(line));
  if (ending !== 'ok') body = body.slice(0, body.findLastIndex((line) => line.startsWith('> ')) + 1);
  const lines = body.filter((line) => !LEFT_OUT.test(line)).map((line) =>
    line.startsWith('> ') ? line : line.replace(/0xfffff[ef][0-9a-f]{10}\b/g, (address) => (address < '0xfffffffff' ? 'KVA' : address)).replace(/\bpfn=0x([0-9a-f]+)/g, frame));
  const live = trace.findLast((line) => line.startsWith('live ')) ?? '';
  return [...lines, `end ${ending}`, ...(ending === 'ok' ? [live] : [])];
}
