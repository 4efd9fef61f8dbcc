/** A driver: its entry points (cb_ops(9S)) and its attach and detach routines. */
import { ENXIO } from '../base/index.js';
import type { MaybeKgen } from '../kernel/index.js';
import type { DevInfo } from './dev-info.js';
import type { Dev } from './dev.js';
import type { Cred, DdiAsHandle, DevmapCookie } from './devmap-callbacks.js';
import type { Ref } from './ref.js';
import type { Uio } from './uio.js';

/** cb_ops(9S) flag: nothing special. */
export const D_NEW = 0;
/** cb_ops(9S) flag: the driver is safe for several threads. */
export const D_MP = 0x20;
/** cb_ops(9S) flag: the driver supports devmap(9E). */
export const D_DEVMAP = 0x100;
/** cb_ops(9S) flag: 64-bit offsets. */
export const D_64BIT = 0x200;

/** devmap(9E) model: the caller is a 64-bit process. */
export const DDI_MODEL_LP64 = 0x00200000;

/**
 * Character entry points (cb_ops(9S)) with their man pages' argument order; each may be a plain function or a generator
 * that sleeps. All answer 0 or an illumos errno unless said otherwise. Absent ones are NULL in C.
 */
export interface CbOps {
  /** open(9E); may replace `devp.value` with another minor of the same driver (a cloning open). */
  readonly open?: (devp: Ref<Dev>, flag: number, otyp: number, credp: Cred) => MaybeKgen<number>;
  /** close(9E): called once, when the last file and the last mapping of the device are gone. */
  readonly close?: (dev: Dev, flag: number, otyp: number, credp: Cred) => MaybeKgen<number>;
  /** read(9E): moves bytes of the device to the caller and advances `uio`; 0 or an errno. */
  readonly read?: (dev: Dev, uio: Uio, credp: Cred) => MaybeKgen<number>;
  /** write(9E): takes bytes from the caller and advances `uio`; 0 or an errno. */
  readonly write?: (dev: Dev, uio: Uio, credp: Cred) => MaybeKgen<number>;
  /** ioctl(9E); `arg` is a user address or an integer as `cmd` has it, `rvalp` the result where the errno is 0. */
  readonly ioctl?: (dev: Dev, cmd: number, arg: number, mode: number, credp: Cred, rvalp: Ref<number>) => MaybeKgen<number>;
  /** devmap(9E): sets up `dhp` for the mapping of [off, off+len) and says in `maplen` how much of it the handle covers. */
  readonly devmap?: (
    dev: Dev, dhp: DevmapCookie, off: number, len: number, maplen: Ref<number>, model: number,
  ) => MaybeKgen<number>;
  /** mmap(9E): the frame number at `off`, -1 where there is none. */
  readonly mmap?: (dev: Dev, off: number, prot: number) => number;
  /** segmap(9E): maps by itself, usually through ddi_devmap_segmap or devmap_setup. */
  readonly segmap?: (
    dev: Dev, off: number, asp: DdiAsHandle, addrp: Ref<number>, len: number, prot: number, maxprot: number, flags: number,
    credp: Cred,
  ) => MaybeKgen<number>;
  /** D_MP, D_DEVMAP, D_64BIT. */
  readonly flag: number;
}

/** A device driver. Its state belongs to the dev_info node (ddi_set_driver_private), never to the module. */
export interface Driver {
  readonly name: string;
  /** The entry points of its devices (cb_ops(9S)). */
  readonly cb_ops: CbOps;
  /** attach(9E) for DDI_ATTACH: DDI_SUCCESS, or DDI_FAILURE and the device does not exist. */
  readonly attach?: (dip: DevInfo) => MaybeKgen<number>;
  /** detach(9E) for DDI_DETACH: DDI_SUCCESS, or DDI_FAILURE to stay. */
  readonly detach?: (dip: DevInfo) => MaybeKgen<number>;
}

/** nulldev(9F): the entry point that does nothing and succeeds. */
export const nulldev = (): number => 0;
/** nodev(9F): the entry point of something not supported. */
export const nodev = (): number => ENXIO;
/** Whether an entry point is absent, nulldev or nodev. */
export const absent = (entry: unknown): boolean => entry === undefined || entry === nulldev || entry === nodev;
