/**
 * Where seg_dev.c and the contract part ways: one row a difference. A quirk that is on makes the code do what the C text
 * does; off, what the contract says. Mode `illumos` is all of them on, `fixed` (the default) none; each can be switched alone.
 */

/** One difference between seg_dev.c and the contract. */
export interface QuirkInfo {
  /** What the C text does. */
  readonly c: string;
  /** Lines of seed/seg_dev.c. */
  readonly lines: string;
  /** What is done instead when the quirk is off. */
  readonly fixed: string;
}

/** Names of all quirks. */
export type QuirkName =
  | 'tailUnmapFromHead' | 'unmapPanics' | 'largeUnloadsWholeHandles' | 'splitCallbackBeforeFields' | 'closeBeforeUnmapCallback'
  | 'mapRefusedLeavesSegment' | 'setupWindow' | 'trustsMapLength' | 'nulldevAccessCalled' | 'segmentMaxprotAll'
  | 'asMapFailureFreesTwice' | 'largePagesBeforeAddress' | 'emptyMapCrash' | 'setupUnchecked' | 'faultcodeWrappedTwice' | 'stickyFaultcode'
  | 'softlockcntLeak' | 'softlockOverRelease' | 'softlockWakesOne' | 'invalidFaultcode' | 'umemInvalidCrash'
  | 'lockedUmemIgnoresOffset' | 'usePagesizeIgnored' | 'kpmemFaultRw' | 'offsetSlop' | 'unloadIgnoresSoftlock'
  | 'loadLockAnyThread' | 'staleHandleCrash' | 'failedRemapPoisons' | 'remapLengthIgnored' | 'remapKeepsProt' | 'umemRemapKeepsInvalid'
  | 'pmemRemapFails' | 'pageprotNeverResets' | 'getprotReadsBeyond' | 'ctxNullDeref' | 'ctxErrorClearsOthers' | 'ctxStaleTimeout' | 'umemFreeInUse'
  | 'intLengthLoop' | 'copydevSegmentOffset' | 'misuseAsserts' | 'klusterPanics';

/** The table: every difference by name. */
export const QUIRKS: Readonly<Record<QuirkName, QuirkInfo>> = {
  // --- unmap
  tailUnmapFromHead: {
    c: 'Cutting the tail of a mapping of several handles measures what stays from the first handle of the chain instead of the one that is cut: wrong lengths reach the driver, a handle survives as a zombie, or the kernel dies.',
    lines: '1083-1121', fixed: 'What stays is measured from the handle that holds the address.',
  },
  unmapPanics: {
    c: 'An unmap request that is not page aligned or leaves the segment panics, as does a hole when no second segment can be had.',
    lines: '669-671, 802-803', fixed: 'EINVAL; ENOMEM, before anything has changed.',
  },
  largeUnloadsWholeHandles: {
    c: 'If any handle from the first one hit to the end of the chain uses large pages, unmap, setprot and devmap_unload unload whole handles, also outside the range.',
    lines: '678-701, 2155-2177, 2847-2853', fixed: 'Only the range is unloaded; the HAT splits large pages.',
  },
  splitCallbackBeforeFields: {
    c: 'When a hole splits a handle, devmap_unmap runs while the new handle still has the length, offset and address of the old one.',
    lines: '899-907', fixed: 'Both handles describe their part before the driver hears of it.',
  },
  closeBeforeUnmapCallback: {
    c: 'When a device was closed before its last munmap, close(9E) runs before the devmap_unmap of the handles that go.',
    lines: '713-714, 719-722', fixed: 'close(9E) runs after the last devmap_unmap.',
  },

  // --- setting up
  mapRefusedLeavesSegment: {
    c: 'A devmap_map that fails frees the handles but leaves the segment mapped with nothing behind it; the next touch calls a null function, and the mapped pages stay counted.',
    lines: '3286-3312', fixed: 'The segment goes with its handles.',
  },
  setupWindow: {
    c: 'devmap_map runs, and handles get their addresses, after the address space lock is dropped: another thread may fault on or unmap the half-made mapping.',
    lines: '2586-3281', fixed: 'Addresses and devmap_map come first, under the lock.',
  },
  trustsMapLength: {
    c: 'The length a driver answers in devmap(9E) is believed: 0 never ends, a forgotten one is garbage, a longer one maps beyond the segment, one that differs from the set-up leaves holes or crashes; so does a devmap(9E) that set nothing up.',
    lines: '3182-3212', fixed: 'Such an answer is refused (EINVAL; ENXIO when nothing was set up) and reported.',
  },
  nulldevAccessCalled: {
    c: 'devmap_access = nulldev or nodev counts as absent when the mapping is made and is called at the first fault, without the structures it needs.',
    lines: '3216-3218, 1730, 1810', fixed: 'It is absent.',
  },
  segmentMaxprotAll: {
    c: 'The segment\'s maximum protection starts at PROT_ALL and adds the first handle\'s, so it is always PROT_ALL.',
    lines: '2506-2527', fixed: 'It is what any of the handles allows.',
  },
  asMapFailureFreesTwice: {
    c: 'When as_map fails after the segment was made, its handles are freed with it and then once more.',
    lines: '2586, 3262-3270', fixed: 'They are freed once.',
  },
  largePagesBeforeAddress: {
    c: 'Whether a handle uses large pages is decided before its virtual address is known, as if that were 0: only physically aligned windows qualify.',
    lines: '3361-3365, 3463, 3281', fixed: 'Decided once the address is known.',
  },
  emptyMapCrash: {
    c: 'devmap_setup of no bytes asks the driver for nothing and follows the null head of the empty chain.',
    lines: '3182, 3262', fixed: 'EINVAL.',
  },
  setupUnchecked: {
    c: 'Offsets that are not page aligned, are negative or overflow, and lengths of 0, are accepted and truncated.',
    lines: '3460, 3618, 3644, 3730', fixed: 'DDI_FAILURE.',
  },

  // --- faults
  faultcodeWrappedTwice: {
    c: 'What devmap_access answers is a fault code already and is wrapped as an errno again: a protection fault becomes EINTR and the instruction repeats for ever.',
    lines: '1866-1873', fixed: 'Fault codes pass; only what is none is converted.',
  },
  stickyFaultcode: {
    c: 'After a handle without devmap_access, a later handle\'s errno is returned as if it were a fault code.',
    lines: '1614, 1833, 1871', fixed: 'Decided for each handle.',
  },
  softlockcntLeak: {
    c: 'A page is counted as softlocked before its frame is known and stays counted when there is none: munmap and mprotect fail with EAGAIN for ever.',
    lines: '1462-1466', fixed: 'Counted once it is loaded.',
  },
  softlockOverRelease: {
    c: 'A failing softlock over several handles releases the device\'s softlock count more than once, or in other portions than it was taken; a driver that does not load what it locks breaks the counts.',
    lines: '1844-1862, 2035-2040', fixed: 'The fault that took it gives it back, once, page by page as locked.',
  },
  softlockWakesOne: {
    c: 'The end of a softlock wakes one of the waiting faults; the others go on waiting although nothing holds them.',
    lines: '1297, 1304', fixed: 'All waiters are woken.',
  },
  invalidFaultcode: {
    c: 'An invalid handle answers FC_NOMAP while the segment has one protection and FC_MAKE_ERR(EFAULT) after a partial mprotect.',
    lines: '2000, 1551', fixed: 'Always FC_NOMAP.',
  },
  umemInvalidCrash: {
    c: 'A umem handle set up invalid has no cookie; the first fault looks into it.',
    lines: '1948', fixed: 'FC_NOMAP.',
  },
  lockedUmemIgnoresOffset: {
    c: 'A locked user memory cookie without a page list is looked up without the handle\'s offset into it.',
    lines: '1526-1528', fixed: 'The offset counts.',
  },
  usePagesizeIgnored: {
    c: 'DEVMAP_USE_PAGESIZE only keeps segdev from widening faults; the HAT still picks large pages for ranges.',
    lines: '2013', fixed: 'Such handles are loaded in pieces too short for a large page.',
  },
  kpmemFaultRw: {
    c: 'Pageable kernel memory is faulted in with PROT_READ|PROT_WRITE where an access kind belongs, which reads as "execute".',
    lines: '1213, 1232', fixed: 'S_OTHER.',
  },

  // --- load, unload, remap
  offsetSlop: {
    c: 'devmap_load and devmap_unload round the offset down without lengthening the range, so an unaligned request does one page too few.',
    lines: '2812-2835, 3091-3114', fixed: 'The range covers every byte asked for.',
  },
  unloadIgnoresSoftlock: {
    c: 'devmap_unload takes translations away under a softlock.',
    lines: '2799-2862', fixed: 'FC_MAKE_ERR(EBUSY), and reported.',
  },
  loadLockAnyThread: {
    c: 'devmap_load only asks whether anybody holds the address space lock.',
    lines: '3087', fixed: 'The caller has to hold it.',
  },
  staleHandleCrash: {
    c: 'A handle that is gone, or something that never was one, is followed like any pointer.',
    lines: '2799, 3066, 3487, 3697', fixed: 'The call fails and is reported.',
  },
  failedRemapPoisons: {
    c: 'A devmap_devmem_remap that fails has already dropped the old translations and the invalid flag: the next fault may load frame 2^64-1.',
    lines: '3526-3560', fixed: 'Nothing changes.',
  },
  remapLengthIgnored: {
    c: 'Remap ignores its length and the alignment of its offset: a shorter window is mapped beyond its end.',
    lines: '3487-3590, 3697-3780', fixed: 'DDI_FAILURE.',
  },
  remapKeepsProt: {
    c: 'A remap that lowers the maximum protection does not take rights away that the segment has.',
    lines: '3517, 2126', fixed: 'Translations never exceed the handle\'s maximum protection.',
  },
  umemRemapKeepsInvalid: {
    c: 'devmap_umem_remap does not clear the invalid flag, so the mapping stays dead, and does not look whether there is a cookie.',
    lines: '3730-3760', fixed: 'The flag is cleared; no cookie is DDI_FAILURE.',
  },
  pmemRemapFails: {
    c: 'devmap_pmem_remap always fails: it accepts no flags, and no flags means cached, which it refuses.',
    lines: 'pmem.c', fixed: 'It remaps.',
  },

  // --- protection
  pageprotNeverResets: {
    c: 'Once a part of a segment had a protection of its own, pages are checked one by one and large pages stay off for good.',
    lines: '2128', fixed: 'Protecting the whole segment at once makes it uniform again.',
  },

  getprotReadsBeyond: {
    c: 'Asked about a length that is a multiple of the page size, getprot reports one page more than there is, out of the memory behind its array.',
    lines: '2243', fixed: 'No page beyond the segment is reported.',
  },

  // --- device context
  ctxNullDeref: {
    c: 'devmap_do_ctxmgt on a handle without devmap_access has no context structure and looks into it.',
    lines: '2628, 2655-2660', fixed: 'No hysteresis, and reported.',
  },
  ctxErrorClearsOthers: {
    c: 'A context callback that fails marks the context free even when another handle has it.',
    lines: '2658', fixed: 'Only the one that took it gives it back.',
  },
  ctxStaleTimeout: {
    c: 'A timeout of an earlier owner can free the context under a later one.',
    lines: '303-320, 2672', fixed: 'It frees only what it was set for.',
  },

  // --- memory
  umemFreeInUse: {
    c: 'ddi_umem_free of memory that is still mapped frees it under its users; with pending softlocks it panics.',
    lines: '3972-4008', fixed: 'It is kept until the last handle is gone, and reported.',
  },
  intLengthLoop: {
    c: 'The loop over an old mmap(9E) mapping counts bytes in an int and never ends at 2 GiB.',
    lines: '2409, 2447', fixed: 'It counts to the end.',
  },
  copydevSegmentOffset: {
    c: 'segdev_copyfrom and segdev_copyto tell the device an offset into the segment, not into the device.',
    lines: '4087, 4098', fixed: 'The device\'s offset.',
  },
  misuseAsserts: {
    c: 'Ordinary memory set up as device memory, or exported memory asked for as pageable and as trash at once, fails an assertion.',
    lines: '2011, 3453, 3913', fixed: 'The set-up fails and the memory is pageable; both are reported.',
  },
  klusterPanics: {
    c: 'The kluster operation panics.',
    lines: '204, 2312-2318', fixed: 'It answers -1: never worth while for a device.',
  },
};

/** Which quirks are on. */
export type Quirks = Readonly<Record<QuirkName, boolean>>;

/** The two modes: faithful to the C text, or to the contract. */
export type SegdevMode = 'fixed' | 'illumos';

/** All names, in the order of the table. */
export const QUIRK_NAMES: readonly QuirkName[] = Object.keys(QUIRKS) as QuirkName[];

/** The quirks of a mode, with single ones switched as `overrides` says. */
export function quirksOf(mode: SegdevMode, overrides: Partial<Quirks> = {}): Quirks {
  const on = mode === 'illumos';
  const entries = QUIRK_NAMES.map((name) => [name, overrides[name] ?? on] as const);
  return Object.fromEntries(entries) as Record<QuirkName, boolean>;
}

/** What surprises in seg_dev.c and both modes keep, because drivers rely on it or the contract says no better: what, and its lines. */
export const ODDITIES: readonly (readonly [what: string, lines: string])[] = [
  ['A mapping that may be remapped cannot be softlocked: no direct I/O, no /proc access, no ddi_umem_lock.', '1724-1727'],
  ['Without devmap_dup, parent and child share private data, and devmap_unmap is called twice with it.', '583-610'],
  ['A protection change is refused for softlocked pages of handles only; old mmap(9E) mappings may change.', '2104-2114'],
  ['Drivers never see DEVMAP_PROT: protection faults are refused before they are asked.', '1653, 1934'],
  ['A mapping whose VOP_ADDMAP fails is taken apart by devmap_setup, not by segdev_create.', '425-433'],
  ['MAP_FIXED removes the old mapping even when the new one fails.', '2567'],
];
