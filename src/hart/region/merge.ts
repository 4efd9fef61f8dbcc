/**
 * Regions that call each other often become one. Going from one to another costs the way through the interpreter, and giving all
 * registers back and taking them again; compiling both anew costs more, in proportion to their size. So each region is charged for how
 * often it is entered, and a group is compiled as one when it has paid for that.
 */
import { fitting } from './fitting.js';
import type { Bounds } from './plan.js';
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
    const group = fitting(this.#charge().filter(isHere), this.#bounds);
    const size = group.reduce((sum, { plan }) => sum + plan.instructions, 0);
    const paid = group.reduce((sum, { slot }) => sum + this.#accounts.get(slot)!.paid, 0);
    if (group.length < 2 || paid < PRICE * size) return [];
    // Should they go on by themselves nevertheless, they pay anew.
    for (const { slot } of group) this.#accounts.get(slot)!.paid = 0;
    return group;
  }

  /** Charges all regions; returns those that were busy, the one that has paid most first. */
  #charge(): Region[] {
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
    return busy.sort((a, b) => b.paid - a.paid).map(({ region }) => region);
  }
}
