/**
 * The special file system's part: opening and closing devices and counting their mapped pages. close(9E) runs when the
 * last open file and the last mapping are gone, in whichever order they go.
 */
import { btopr, EIO, ENODEV, ENOTTY, ENXIO, errnoName } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { settle } from '../kernel/index.js';
import type { Dev, Snode } from './dev.js';
import { cbOps } from './device-tree.js';
import type { Cred } from './devmap-callbacks.js';
import type { CbOps } from './driver.js';
import { absent, nodev } from './driver.js';
import { OTYP_CHR } from './file-flags.js';
import type { Ref } from './ref.js';
import { ref } from './ref.js';
import type { Uio } from './uio.js';

/** The credentials of the kernel itself: used where nobody else is known. */
export const kcred: Cred = { uid: 0, gid: 0 };

const resultText = (errno: number): string => (errno === 0 ? '0' : errnoName(errno));

/**
 * Opens a device (open(9E) through spec_open). A cloning driver may answer another minor, which `devp` then holds.
 * Returns 0, ENXIO when the device is not attached or retired, or the driver's errno.
 */
export function* spec_open(devp: Ref<Dev>, flag: number, credp: Cred = kcred): Kgen<number> {
  const asked = devp.value;
  if (!asked.dip.attached || asked.snode.fenced) return ENXIO;
  const open = cbOps(asked).open;
  if (open !== undefined) asked.dip.tree.called('open');
  const error = open === undefined ? 0 : yield* settle(open(devp, flag, OTYP_CHR, credp));
  const { trace } = asked.dip.tree;
  if (trace.on) trace.emit('drv.open', { dev: devp.value.label, result: resultText(error) });
  if (error !== 0) {
    devp.value = asked;
    return error;
  }
  const snode = devp.value.snode;
  snode.count++;
  snode.opened = true;
  return 0;
}

/** Closes one open file of a device (spec_close); close(9E) follows when nothing refers to the device any more. */
export function* spec_close(dev: Dev, flag: number, credp: Cred = kcred): Kgen<void> {
  dev.snode.count--;
  yield* closeIfLast(dev.snode, flag, credp);
}

function* closeIfLast(snode: Snode, flag: number, credp: Cred): Kgen<void> {
  if (snode.count > 0 || snode.mapcnt > 0 || !snode.opened) return;
  snode.opened = false;
  const { dev } = snode;
  const close = cbOps(dev).close;
  if (close !== undefined) dev.dip.tree.called('close');
  const error = close === undefined ? 0 : yield* settle(close(dev, flag, OTYP_CHR, credp));
  const { trace } = dev.dip.tree;
  if (trace.on) trace.emit('drv.close', { dev: dev.label, result: resultText(error) });
}

/** ioctl(2) on a device: 0 with the result in `rvalp`, ENOTTY when the driver has none, or its errno. */
export function* spec_ioctl(dev: Dev, cmd: number, arg: number, mode: number, rvalp: Ref<number> = ref(0), credp: Cred = kcred): Kgen<number> {
  const ioctl = cbOps(dev).ioctl;
  if (!absent(ioctl)) dev.dip.tree.called('ioctl');
  const error = ioctl === undefined || absent(ioctl) ? ENOTTY : yield* settle(ioctl(dev, cmd, arg, mode, credp, rvalp));
  const { trace } = dev.dip.tree;
  if (trace.on) trace.emit('drv.ioctl', { dev: dev.label, cmd, result: resultText(error) });
  return error;
}

/** read(2) on a device: 0 with `uio` advanced, ENODEV when the driver has none, or its errno. */
export const spec_read = (dev: Dev, uio: Uio, credp: Cred = kcred): Kgen<number> => transfer('read', dev, uio, credp);
/** write(2) on a device: 0 with `uio` advanced, ENODEV when the driver has none, or its errno. */
export const spec_write = (dev: Dev, uio: Uio, credp: Cred = kcred): Kgen<number> => transfer('write', dev, uio, credp);

function* transfer(name: 'read' | 'write', dev: Dev, uio: Uio, credp: Cred): Kgen<number> {
  const entry: CbOps['read'] = cbOps(dev)[name];
  if (entry === undefined || entry === nodev) return ENODEV;
  dev.dip.tree.called(name);
  return yield* settle(entry(dev, uio, credp));
}

/** Counts `len` bytes of new mapping (VOP_ADDMAP): 0, EIO when the device is retired, or a programmed failure. */
export function spec_addmap(snode: Snode, len: number): number {
  if (snode.fenced) return EIO;
  const injected = snode.dev.dip.tree.inject('addmap');
  if (injected !== 0) return injected;
  snode.mapcnt += btopr(len);
  return 0;
}

/** Counts `len` bytes of mapping gone (VOP_DELMAP); the last one of a closed device closes it. */
export function spec_delmap(snode: Snode, len: number): Kgen<void> | undefined {
  snode.mapcnt -= btopr(len);
  return snode.mapcnt > 0 || snode.count > 0 || !snode.opened ? undefined : closeIfLast(snode, 0, kcred);
}
