/**
 * Regions that call each other often become one. Going from one to another costs the way through the interpreter, and giving all
 * registers back and taking them again; compiling both anew costs more, in proportion to their size. So each region is charged for how
 * often it is entered, and a group is compiled as one when it has paid for that.
 */
import type { Bounds } from './discovery.js';
import type { Region, RegionTable } from './region-table.js';

/** Entries of the interpreter into regions that cost as much as compiling one guest instruction. */
const PRICE = 400;
/** A region entered less often between two looks is none of a group. */
const BUSY = 256;

interface Account {
  readonly region: Region;
  seen: number;
  paid: number;
}

/** Looks for groups. */
export class Merger {
  readonly #table: RegionTable;
  readonly #bounds: Bounds;
  #accounts = new Map<number, Account>();

  constructor(table: RegionTable, bounds: Bounds) {
    this.#table = table;
    this.#bounds = bounds;
  }

  /** The regions to be compiled as one now; empty where there are none. `isHere` says whether a region's pages are where they were. */
  group(isHere: (region: Region) => boolean): Region[] {
    const busy = this.#charge().filter(({ region }) => isHere(region));
    let size = 0;
    let paid = 0;
    let pages = new Set<number>();
    const group = busy.filter((account) => {
      const { plan } = account.region;
      const more = new Set([...pages, ...plan.pages.values()]);
      if (size + plan.instructions > this.#bounds.instructions || more.size > this.#bounds.pages) return false;
      size += plan.instructions;
      paid += account.paid;
      pages = more;
      return true;
    });
    return group.length > 1 && paid >= PRICE * size ? group.map(({ region }) => region) : [];
  }

  /** Charges all regions; returns those that were busy, the one that has paid most first. */
  #charge(): Account[] {
    const before = this.#accounts;
    this.#accounts = new Map();
    const busy: Account[] = [];
    for (const region of this.#table.regions.values()) {
      const known = before.get(region.slot);
      const account = known?.region === region ? known : { region, seen: 0, paid: 0 };
      const calls = this.#table.calls(region);
      const since = Math.max(0, calls - account.seen);
      account.seen = calls;
      this.#accounts.set(region.slot, account);
      if (since < BUSY) continue;
      account.paid += since;
      busy.push(account);
    }
    return busy.sort((a, b) => b.paid - a.paid);
  }
}
