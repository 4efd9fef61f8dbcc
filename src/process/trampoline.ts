/** The page signal handlers return through: one frame for all processes, there before memory can run out. */
import { PAGESIZE } from '../base/index.js';
import { FileObject, bytesBacking } from '../vm/index.js';
import type { VmServices } from '../vm/index.js';
import { TRAMPOLINE_CODE } from './layout.js';

/** Makes the page and puts it into memory; undefined when there is no frame for it. The maker holds it. */
export function makeTrampoline(vm: VmServices): FileObject | undefined {
  // A whole page, so that the frame itself is mapped and no copy of its beginning.
  const bytes = new Uint8Array(PAGESIZE);
  bytes.set(new Uint8Array(new Uint32Array(TRAMPOLINE_CODE).buffer));
  const page = new FileObject(vm, bytesBacking('[sigreturn]', bytes));
  if (page.page(0) >= 0) return page;
  page.release();
  return undefined;
}
