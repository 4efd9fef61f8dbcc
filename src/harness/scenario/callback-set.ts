/** A set of devmap callbacks a script describes (`cb`, `set`), and what they do when the framework calls them. */
import { hex } from '../../base/index.js';
import type { DevmapAccess, DevmapCallbackCtl, DevmapCookie } from '../../ddi/index.js';
import { accessRwText, accessTypeText, nodev, nulldev } from '../../ddi/index.js';
import type { Kgen } from '../../kernel/index.js';
import {
  devmap_default_access, devmap_devmem_remap, devmap_do_ctxmgt, devmap_load, devmap_set_ctx_timeout, devmap_unload, DevmapHandle,
} from '../../segdev/index.js';
import type { DevmapCookie as Cookie } from '../../ddi/index.js';
import { codeText, ddiText, errnoText } from './names.js';

/** What `access=` can say. */
export const ACCESS_KINDS = ['none', 'load', 'default', 'ctx', 'quiet', 'remap', 'nulldev', 'nodev'] as const;
/** One of them. */
export type AccessKind = (typeof ACCESS_KINDS)[number];

/** A callback that is programmed to fail. */
interface Failing {
  readonly err: number;
  after: number;
}

/** Where `access=remap` remaps to. */
export interface RemapTarget {
  rn: number;
  roff: number;
  len: number;
  maxprot: number;
  flags: number;
}

/** What callbacks need of the scenario. */
export interface CallbackHost {
  /** Adds a line to the trace. */
  say(line: string): void;
  /** A fresh name for private data. */
  newPrivateData(): string;
  /** The set that belongs to a handle. */
  setOf(dhp: DevmapHandle): CallbackSet | undefined;
  /** The handle, range and access function that used the device last, by access function. */
  readonly owners: (Owner | undefined)[];
}

/** The last user of an access group. */
export interface Owner {
  readonly dhp: DevmapHandle;
  readonly off: number;
  readonly len: number;
}

const name = (dhp: Cookie | null): string => (dhp instanceof DevmapHandle ? `h${dhp.id}` : '-');
const pvt = (value: unknown): string => (typeof value === 'string' ? value : '-');

/** One set. */
export class CallbackSet {
  map = false;
  dup = false;
  unmap = false;
  keep = false;
  untime = false;
  fn = 0;
  timeout = 0;
  access: AccessKind = 'none';
  readonly target: RemapTarget = { rn: 0, roff: 0, len: 0, maxprot: 15, flags: 0 };
  readonly #failing = new Map<string, Failing>();
  readonly #host: CallbackHost;

  constructor(host: CallbackHost) {
    this.#host = host;
  }

  /** `set cN which=err after=n`; err 0 lifts it. */
  program(which: string, err: number, after: number): void {
    if (err === 0) this.#failing.delete(which);
    else this.#failing.set(which, { err, after });
  }

  /** Counts a call of `which`: the error it must answer, or 0. */
  failure(which: string): number {
    const failing = this.#failing.get(which);
    if (failing === undefined) return 0;
    return failing.after-- > 0 ? 0 : failing.err;
  }

  /** The callback control structure for handles set up now. */
  control(accessFunctions: readonly DevmapAccess[]): DevmapCallbackCtl {
    return {
      devmap_rev: 1,
      map: this.map ? this.#map : undefined,
      access: this.#accessFunction(accessFunctions),
      dup: this.dup ? this.#dup : undefined,
      unmap: this.unmap ? this.#unmap : undefined,
    };
  }

  #accessFunction(accessFunctions: readonly DevmapAccess[]): DevmapAccess | undefined {
    switch (this.access) {
      case 'none': return undefined;
      case 'nulldev': return nulldev;
      case 'nodev': return nodev;
      default: return accessFunctions[this.fn];
    }
  }

  readonly #map: NonNullable<DevmapCallbackCtl['map']> = (dhp, dev, flags, off, len, pvtp) => {
    const error = this.failure('map');
    if (error === 0) {
      if (!this.keep) pvtp.value = this.#host.newPrivateData();
      if (this.timeout !== 0) devmap_set_ctx_timeout(dhp, this.timeout);
    }
    this.#host.say(`  drv.map ${name(dhp)} ${dev.label} flags=${hex(flags)} off=${hex(off)} len=${hex(len)} pvt=${pvt(pvtp.value)} -> ${errnoText(error)}`);
    return error;
  };

  readonly #dup: NonNullable<DevmapCallbackCtl['dup']> = (dhp, pvtp, new_dhp, new_pvtp) => {
    const error = this.failure('dup');
    if (error === 0 && !this.keep) new_pvtp.value = this.#host.newPrivateData();
    this.#host.say(`  drv.dup ${name(dhp)} pvt=${pvt(pvtp)} new=${name(new_dhp)} newpvt=${pvt(new_pvtp.value)} -> ${errnoText(error)}`);
    return error;
  };

  readonly #unmap: NonNullable<DevmapCallbackCtl['unmap']> = (dhp, pvtp, off, len, new1, pvtp1, new2, pvtp2) => {
    if (!this.keep) {
      if (pvtp1 !== null) pvtp1.value = this.#host.newPrivateData();
      if (pvtp2 !== null) pvtp2.value = this.#host.newPrivateData();
    }
    this.#host.say(
      `  drv.unmap ${name(dhp)} pvt=${pvt(pvtp)} off=${hex(off)} len=${hex(len)} new1=${name(new1)} pvt1=${pvt(pvtp1?.value)} new2=${name(new2)} pvt2=${pvt(pvtp2?.value)}`,
    );
  };

  /** The access callback, whichever of the four functions it goes by. */
  *accessed(dhp: DevmapHandle, pvtp: unknown, off: number, len: number, type: number, rw: number): Kgen<number> {
    const range = `${name(dhp)} pvt=${pvt(pvtp)} off=${hex(off)} len=${hex(len)} ${accessTypeText(type)} ${accessRwText(rw)}`;
    this.#host.say(`  drv.access enter ${range}`);
    const failure = this.failure('access');
    const code = failure === 0 ? yield* this.#act(dhp, pvtp, off, len, type, rw) : failure;
    this.#host.say(`  drv.access leave ${name(dhp)} -> ${code}`);
    return code;
  }

  *#act(dhp: DevmapHandle, pvtp: unknown, off: number, len: number, type: number, rw: number): Kgen<number> {
    switch (this.access) {
      case 'default': return yield* devmap_default_access(dhp, pvtp, off, len, type, rw);
      case 'ctx': return yield* devmap_do_ctxmgt(dhp, pvtp, off, len, type, rw, this.#contextmgt);
      case 'quiet': return 0;
      case 'remap': return yield* this.#remapAndLoad(dhp, off, len, type, rw);
      case 'none': case 'nulldev': case 'nodev': case 'load': return yield* devmap_load(dhp, off, len, type, rw);
    }
  }

  *#remapAndLoad(dhp: DevmapHandle, off: number, len: number, type: number, rw: number): Kgen<number> {
    const { rn, roff, len: rlen, maxprot, flags } = this.target;
    if (type === 0) {
      const result = yield* devmap_devmem_remap(dhp, dhp.dev.dip, rn, roff, rlen, maxprot, flags, null);
      this.#host.say(`  drv.remap ${name(dhp)} -> ${ddiText(result)}`);
    }
    return yield* devmap_load(dhp, off, len, type, rw);
  }

  /** The context callback: takes the device from its last user and loads. */
  readonly #contextmgt = (cookie: DevmapCookie, pvtp: unknown, off: number, len: number, type: number, rw: number): Kgen<number> =>
    this.#context(cookie as DevmapHandle, pvtp, off, len, type, rw);

  *#context(dhp: DevmapHandle, pvtp: unknown, off: number, len: number, type: number, rw: number): Kgen<number> {
    const { owners } = this.#host;
    const last = owners[this.fn];
    const owner = last?.dhp.freed === true ? undefined : last;
    this.#host.say(
      `  drv.ctx enter ${name(dhp)} pvt=${pvt(pvtp)} off=${hex(off)} len=${hex(len)} ${accessTypeText(type)} ${accessRwText(rw)} owner=${name(owner?.dhp ?? null)}`,
    );
    let code = this.failure('ctx');
    if (code === 0) {
      if (owner !== undefined && owner.dhp !== dhp) {
        const result = devmap_unload(owner.dhp, owner.off, owner.len);
        this.#host.say(`  drv.unload ${name(owner.dhp)} off=${hex(owner.off)} len=${hex(owner.len)} -> ${codeText(result)}`);
      }
      owners[this.fn] = { dhp, off, len };
      if (this.untime) devmap_set_ctx_timeout(dhp, 0);
      code = yield* devmap_load(dhp, off, len, type, rw);
      this.#host.say(`  drv.load ${name(dhp)} -> ${codeText(code)}`);
    }
    this.#host.say(`  drv.ctx leave ${name(dhp)} -> ${code}`);
    return code;
  }
}
