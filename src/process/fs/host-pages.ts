/** The pages of a host's file in memory, for mmap(2): one set for all mappings of the file. */
import { FileObject } from '../../vm/index.js';
import type { VmServices } from '../../vm/index.js';
import type { HostHandle } from './host-handle.js';

/** The pages of the file behind `handle`, held once for the caller; `writable` when a shared mapping may change them. */
export function filePages(vm: VmServices, handle: HostHandle, name: string, writable: boolean): FileObject {
  const { inode } = handle;
  inode.pages = inode.pages?.hold() ?? newPages(vm, handle, name);
  if (!writable) return inode.pages;
  inode.pages.writtenTo = true;
  inode.writer ??= handle.hold();
  return inode.pages;
}

function newPages(vm: VmServices, handle: HostHandle, name: string): FileObject {
  const { inode, tree } = handle.hold();
  return new FileObject(vm, {
    name,
    get size() {
      return handle.size;
    },
    read: (offset, bytes) => {
      handle.file.read(offset, bytes);
    },
    write: (offset, bytes) => {
      inode.writer?.file.write(offset, bytes);
      tree.changed(inode);
    },
    close: () => {
      inode.pages = undefined;
      inode.writer?.release();
      inode.writer = undefined;
      handle.release();
    },
  });
}
