/** What a run is summed up in: plain data, deterministic, equal for equal inputs. */

/** Page faults of one kind of access, by what the page table held. */
export interface FaultCount {
  /** No valid leaf PTE. */
  absent: number;
  /** A leaf PTE that forbids the access. */
  protection: number;
}

/** Hits and misses of a TLB side. */
export interface TlbCount {
  hits: number;
  misses: number;
}

/** All counters of a machine since it was made. Every number is a count unless its name says otherwise. */
export interface MachineStatistics {
  /** Instructions executed by all harts, system calls included. */
  instructions: number;
  /** The virtual clock in nanoseconds. */
  virtualNs: number;
  /** Loads, stores and atomic accesses of all harts. */
  dataAccesses: number;
  /** System calls by name; one that does not exist is "unknown:NUMBER" for the first 16 numbers, "unknown" for all others. */
  syscalls: Record<string, number>;
  /** Page faults that reached the kernel. */
  pageFaults: { load: FaultCount; store: FaultCount; fetch: FaultCount };
  /** Page faults that a device segment handled. */
  segdevFaults: number;
  /** Calls of driver entry points by name: "devmap", "devmap_access", "ioctl", ... */
  driverCallbacks: Record<string, number>;
  /** Leaf PTEs written, by page size. */
  ptesLoaded: { '4K': number; '2M': number; '1G': number };
  /** Lookups of the modelled TLB, all harts together. */
  tlb: { data: TlbCount; instruction: TlbCount };
  /** Processes made by fork. */
  forks: number;
  /** Signals delivered or defaulted, by name. */
  signals: Record<string, number>;
  /** What a guest was told with an error number only, at most 16 remarks: programs that could not be run, and why. */
  notes: string[];
}
