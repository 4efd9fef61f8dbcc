/** The driver contract as findings cite it: one row a rule, with the manual page that states or implies it. */

/** One rule of the contract. */
export interface Rule {
  /** Stable short name, as findings print it. */
  readonly id: string;
  /** Manual page that states it. */
  readonly page: string;
  /** What it asks for, in one sentence. */
  readonly text: string;
}

const rows = [
  ['DM01', 'devmap(9E)', 'an offset the device does not have must be refused with a non-zero return'],
  ['DM02', 'devmap(9E)', 'each call sets up its handle with exactly one devmap_devmem_setup(9F) or devmap_umem_setup(9F)'],
  ['DM03', 'devmap(9E)', '*maplen must be set to a positive multiple of the page size, at most the length asked for'],
  ['DM04', 'devmap(9E)', '*maplen must be the length that was set up'],
  ['DM05', 'devmap(9E)', 'a set-up that failed must make devmap(9E) fail'],
  ['DM06', 'devmap(9E)', 'nothing may be allocated here that only a callback gives back: after a later failure no callback runs'],
  ['DM07', 'devmap_setup(9F)', 'all handles of one mapping have the same devmap_access'],
  ['DM08', 'devmap_callback_ctl(9S)', 'devmap_access is NULL or a function of the driver, never nulldev or nodev'],
  ['DM09', 'devmap_setup(9F)', 'MAP_PRIVATE needs a driver with devmap_access'],
  ['DM10', 'devmap_callback_ctl(9S)', 'devmap_rev is DEVMAP_OPS_REV'],
  ['DM11', 'devmap_devmem_setup(9F)', 'DEVMAP_MAPPING_INVALID needs DEVMAP_ALLOW_REMAP'],
  ['DM12', 'devmap_devmem_setup(9F)', 'the protection asked for must be within maxprot'],
  ['DM13', 'devmap_devmem_setup(9F)', 'offset and length are page aligned and inside the register set'],
  ['DM14', 'devmap_umem_setup(9F)', 'offset and length are page aligned and inside the memory of the cookie'],
  ['DM15', 'devmap_devmem_setup(9F)', 'cache attributes come from accattrp; IOMEM_ flags are for devmap_umem_setup(9F)'],
  ['DM16', 'cb_ops(9S)', 'a driver with devmap(9E) sets D_DEVMAP'],
  ['CB01', 'devmap_map(9E)', 'a refused mapping must leave nothing behind'],
  ['CB02', 'devmap_map(9E)', '*pvtp must be set when other callbacks use private data'],
  ['CB03', 'devmap_dup(9E)', 'the duplicate needs private data of its own in *new_pvtp: both handles will be unmapped'],
  ['CB04', 'devmap_dup(9E)', 'a refused duplicate must leave nothing behind: its devmap_unmap(9E) is never called'],
  ['CB05', 'devmap_unmap(9E)', 'when the whole handle goes, its private data is released'],
  ['CB06', 'devmap_unmap(9E)', 'each part that stays needs private data of its own in *new_pvtp1 and *new_pvtp2'],
  ['CB07', 'devmap_unmap(9E)', 'the range lies inside the handle'],
  ['CB08', 'devmap_unmap(9E)', 'every handle made by devmap_map, devmap_dup or a split is unmapped exactly once'],
  ['CB09', 'devmap_unmap(9E)', 'a callback may not sleep for ever or load translations of what goes away'],
  ['CB10', 'devmap_dup(9E)', 'the new handle belongs to another address space: nothing may be loaded for it yet'],
  ['AC01', 'devmap_access(9E)', 'answering 0 without loading repeats the access; for ever, when nothing ever loads'],
  ['AC02', 'devmap_access(9E)', 'a lock or unlock must be passed on with the range and type it came with'],
  ['AC03', 'devmap_default_access(9F)', 'the arguments of devmap_access are passed on unmodified, or a range inside the handle through devmap_load(9F)'],
  ['AC04', 'devmap_access(9E)', 'the answer is what devmap_default_access, devmap_do_ctxmgt or devmap_load answered'],
  ['AC05', 'devmap_access(9E)', 'the range may be larger than one page'],
  ['AC06', 'devmap_do_ctxmgt(9F)', 'only for a handle that was set up with devmap_access'],
  ['AC07', 'devmap_contextmgt(9E)', 'the mapping of the former owner is unloaded before that of the new one is loaded'],
  ['AC08', 'devmap_contextmgt(9E)', 'errors of devmap_load and devmap_unload are answered, and locks released on every path'],
  ['AC09', 'devmap_unmap(9E)', 'a handle that goes away may no longer be remembered as the owner of a context'],
  ['AC10', 'devmap_load(9F)', 'only for a mapping of the calling process, from inside devmap_access or devmap_contextmgt'],
  ['AC11', 'devmap_unload(9F)', 'only for a live handle, and not while its pages are locked'],
  ['AC12', 'devmap_load(9F)', 'offsets are page aligned'],
  ['AC13', 'devmap_unload(9F)', 'no translation of what was taken away may remain in any process'],
  ['AC14', 'devmap_set_ctx_timeout(9F)', 'the timeout is not negative'],
  ['RM01', 'devmap_devmem_remap(9F)', 'needs DEVMAP_ALLOW_REMAP at set-up, and the length of the handle'],
  ['UM01', 'ddi_umem_free(9F)', 'only when no handle maps the memory any more'],
  ['UM02', 'ddi_umem_alloc(9F)', 'the size is positive, and the memory of one kind'],
  ['UM03', 'ddi_umem_unlock(9F)', 'ends what ddi_umem_lock(9F) began, exactly once'],
  ['SG01', 'segmap(9E)', 'answers what devmap_setup(9F) or ddi_devmap_segmap(9F) answered'],
  ['SG02', 'mmap(9E)', 'the same offset gives the same frame for the life of the mapping'],
] as const;

/** Names of the rules. */
export type RuleId = (typeof rows)[number][0];

/** All rules by name. */
export const rules: ReadonlyMap<string, Rule> = new Map(rows.map(([id, page, text]) => [id, { id, page, text }]));

/** A rule as failure texts quote it; a name without a row stands for itself. */
export function ruleText(id: string): string {
  const rule = rules.get(id);
  return rule === undefined ? id : `${rule.page}: ${rule.text} [${rule.id}]`;
}
