/**
 * TLBs by name: our own, and models of real cores and simulators with their sources.
 *
 * Only what a source states is a model's figure; what it leaves open and had to be chosen stands in `assumed`.
 */
import { DATA, FETCH, NO_TLB, SEGDEV_TLB, ways } from './own-tlb.js';
import type { Replacement, TlbArrayConfig, TlbConfig, TlbPageSize, TlbServes } from './tlb-config.js';

const SV39: readonly TlbPageSize[] = ['4K', '2M', '1G'];

/** A fully associative array. */
const full = (name: string, entries: number, serves: readonly TlbServes[] | undefined, pageSizes: readonly TlbPageSize[], replacement: Replacement = 'lru'): TlbArrayConfig =>
  ({ name, ...(serves === undefined ? {} : { serves }), sets: 1, ways: entries, pageSizes, replacement });

/**
 * SiFive U54: 32-entry fully associative I and D.
 * @see linux arch/riscv/boot/dts/sifive/fu540-c000.dtsi (i-tlb-size, d-tlb-size); Microchip PolarFire SoC documentation GUID-08EA0A0B
 */
const U54: TlbConfig = {
  name: 'sifive-u54',
  title: 'SiFive U54: 32 + 32 fully associative',
  sources: ['linux arch/riscv/boot/dts/sifive/fu540-c000.dtsi', 'Microchip PolarFire SoC documentation GUID-08EA0A0B'],
  assumed: ['replacement lru'],
  levels: [[full('ITLB', 32, FETCH, SV39), full('DTLB', 32, DATA, SV39)]],
  walkCache: [],
};

/**
 * CVA6 (Ariane) cv64a6_imafdc_sv39: 16-entry fully associative I and D, no shared TLB.
 * @see cva6@6cb2001 core/include/cv64a6_imafdc_sv39_config_pkg.sv:177-181
 */
const CVA6: TlbConfig = {
  name: 'cva6',
  title: 'CVA6 cv64a6_imafdc_sv39: 16 + 16 fully associative',
  sources: ['cva6@6cb2001 core/include/cv64a6_imafdc_sv39_config_pkg.sv:177-181'],
  assumed: ['replacement plru'],
  levels: [[full('ITLB', 16, FETCH, SV39, 'plru'), full('DTLB', 16, DATA, SV39, 'plru')]],
  walkCache: [],
};

/**
 * T-Head C906: 10-entry micro TLBs, joint TLB of 64 sets of 2.
 * @see openc906@b0c06eb aq_mmu_jtlb*.v (JTLB_ENTRY_128)
 */
const C906: TlbConfig = {
  name: 'thead-c906',
  title: 'T-Head C906: 10 + 10 fully associative, joint 128 x 2',
  sources: ['openc906@b0c06eb aq_mmu_jtlb*.v, JTLB_ENTRY_128'],
  assumed: ['replacement lru'],
  levels: [[full('I-uTLB', 10, FETCH, SV39), full('D-uTLB', 10, DATA, SV39)], [ways('jTLB', 128, 2, undefined, SV39)]],
  walkCache: [],
};

/**
 * T-Head C910: micro TLBs of 32 (I), 16 and one for large pages (D), joint TLB of 256 sets of 4.
 * @see openc910@b91c909 ct_mmu_*.v, cpu_cfig.h:153
 */
const C910: TlbConfig = {
  name: 'thead-c910',
  title: 'T-Head C910: 32 fully associative I, 16 + 1 large D, joint 1024 x 4',
  sources: ['openc910@b91c909 ct_mmu_*.v, cpu_cfig.h:153'],
  assumed: ['replacement lru', 'the one large D entry holds 2M and 1G, the 16 hold 4K'],
  levels: [[full('I-uTLB', 32, FETCH, SV39), full('D-uTLB', 16, DATA, ['4K']), full('D-uTLB-huge', 1, DATA, ['2M', '1G'])], [ways('jTLB', 1024, 4, undefined, SV39)]],
  walkCache: [],
};

/**
 * Intel Skylake: split by page size, shared second level.
 * @see Intel 64 and IA-32 Architectures Optimization Reference Manual, Table 2-15 (via community.intel.com/1371605)
 */
const SKYLAKE: TlbConfig = {
  name: 'intel-skylake',
  title: 'Intel Skylake: 128 x 8 I, 64 x 4 + 32 x 4 + 4 D, shared 1536 x 12 and 16 x 4',
  sources: ['Intel 64 and IA-32 Architectures Optimization Reference Manual, Table 2-15'],
  assumed: ['replacement lru', 'one thread, so 8 large fetch entries', '1G code pages are held in 2M pieces'],
  levels: [
    [ways('ITLB-4K', 128, 8, FETCH, ['4K']), full('ITLB-2M', 8, FETCH, ['2M']), ways('DTLB-4K', 64, 4, DATA, ['4K']), ways('DTLB-2M', 32, 4, DATA, ['2M']), full('DTLB-1G', 4, DATA, ['1G'])],
    [ways('STLB', 1536, 12, undefined, ['4K', '2M']), ways('STLB-1G', 16, 4, undefined, ['1G'])],
  ],
  walkCache: [],
};

/**
 * Intel Golden Cove: loads and stores have first levels of their own.
 * @see jiegec/blog-source@b9b1a2d intel-golden-cove.md (Intel's manual and measurements)
 */
const GOLDEN_COVE: TlbConfig = {
  name: 'intel-golden-cove',
  title: 'Intel Golden Cove: 256 x 8 I, loads 96 x 6 + 32 x 4 + 8, stores 16, shared 2048 x 16',
  sources: ['jiegec/blog-source@b9b1a2d intel-golden-cove.md'],
  assumed: ['replacement lru', 'arrays without stated ways are fully associative', '1G pages are held in 2M pieces where only smaller sizes are stated'],
  levels: [
    [
      ways('ITLB-4K', 256, 8, FETCH, ['4K']), full('ITLB-2M', 32, FETCH, ['2M']),
      ways('load-4K', 96, 6, ['load'], ['4K']), ways('load-2M', 32, 4, ['load'], ['2M']), full('load-1G', 8, ['load'], ['1G']),
      full('store', 16, ['store'], SV39),
    ],
    [ways('STLB', 2048, 16, undefined, ['4K', '2M'])],
  ],
  walkCache: [],
};

/**
 * Arm Cortex-A53: 10-entry micro TLBs, 512-entry main TLB.
 * @see pytorch/cpuinfo src/arm/tlb.c
 */
const A53: TlbConfig = {
  name: 'arm-cortex-a53',
  title: 'Arm Cortex-A53: 10 + 10 fully associative, unified 512 x 4',
  sources: ['pytorch/cpuinfo src/arm/tlb.c'],
  assumed: ['replacement lru', 'every array holds all page sizes'],
  levels: [[full('I-uTLB', 10, FETCH, ['4K', '64K', '2M', '1G']), full('D-uTLB', 10, DATA, ['4K', '64K', '2M', '1G'])], [ways('main', 512, 4, undefined, ['4K', '64K', '2M', '1G'])]],
  walkCache: [],
};

/**
 * Arm Cortex-A76: 48-entry first levels, 1280-entry second level.
 * @see pytorch/cpuinfo src/arm/tlb.c
 */
const A76: TlbConfig = {
  name: 'arm-cortex-a76',
  title: 'Arm Cortex-A76: 48 + 48 fully associative, unified 1280 x 5',
  sources: ['pytorch/cpuinfo src/arm/tlb.c'],
  assumed: ['replacement lru', 'every array holds all page sizes'],
  levels: [[full('ITLB', 48, FETCH, ['4K', '64K', '2M', '1G']), full('DTLB', 48, DATA, ['4K', '64K', '2M', '1G'])], [ways('L2', 1280, 5, undefined, ['4K', '64K', '2M', '1G'])]],
  walkCache: [],
};

/**
 * gem5's RISC-V TLB: one level of 64 fully associative entries each.
 * @see gem5 src/arch/riscv/RiscvTLB.py
 */
const GEM5: TlbConfig = {
  name: 'gem5-riscv',
  title: 'gem5 RiscvTLB: 64 + 64 fully associative',
  sources: ['gem5 src/arch/riscv/RiscvTLB.py'],
  assumed: ['replacement lru'],
  levels: [[full('itb', 64, FETCH, SV39), full('dtb', 64, DATA, SV39)]],
  walkCache: [],
};

/**
 * ChampSim's default: one page size, so larger leaves are held in 4K pieces; its walk caches for levels 3 and 2.
 * @see ChampSim champsim_config.json
 */
const CHAMPSIM: TlbConfig = {
  name: 'champsim',
  title: 'ChampSim default: 64 x 4 I and D, shared 1536 x 12, walk caches 8 and 32, 4K only',
  sources: ['ChampSim champsim_config.json'],
  assumed: ['replacement lru', 'PSCL3 holds root pointers and PSCL2 level-1 pointers; PSCL5 and PSCL4 have no counterpart in Sv39'],
  levels: [
    [ways('ITLB', 64, 4, FETCH, ['4K']), ways('DTLB', 64, 4, DATA, ['4K'])],
    [ways('STLB', 1536, 12, undefined, ['4K'])],
  ],
  walkCache: [ways('PSCL3', 8, 4, undefined, ['1G']), ways('PSCL2', 32, 8, undefined, ['2M'])],
};

/**
 * Virtuoso's base configuration.
 * @see Virtuoso simulator/sniper/config/mmu_configs/mmu_base.cfg
 */
const VIRTUOSO: TlbConfig = {
  name: 'virtuoso',
  title: 'Virtuoso mmu_base: 64 x 4 I, 64 x 4 4K and 64 x 4 2M D, shared 2048 x 8, walk caches 32 x 4',
  sources: ['Virtuoso simulator/sniper/config/mmu_configs/mmu_base.cfg'],
  assumed: ['replacement lru', '1G pages are held in 2M pieces', 'two of its three walk caches: Sv39 has two levels of pointers'],
  levels: [
    [ways('L1I', 64, 4, FETCH, ['4K', '2M']), ways('L1D-4K', 64, 4, DATA, ['4K']), ways('L1D-2M', 64, 4, DATA, ['2M'])],
    [ways('L2', 2048, 8, undefined, ['4K', '2M'])],
  ],
  walkCache: [ways('PWC-1G', 32, 4, undefined, ['1G']), ways('PWC-2M', 32, 4, undefined, ['2M'])],
};

/** All TLBs by name. */
export const TLB_PRESETS: ReadonlyMap<string, TlbConfig> = new Map(
  [SEGDEV_TLB, NO_TLB, U54, CVA6, C906, C910, SKYLAKE, GOLDEN_COVE, A53, A76, GEM5, CHAMPSIM, VIRTUOSO].map((config) => [config.name, config]),
);

/**
 * A TLB by name.
 * @throws RangeError naming all there are
 */
export function tlbPreset(name: string): TlbConfig {
  const config = TLB_PRESETS.get(name);
  if (config === undefined) throw new RangeError(`no TLB is named ${name}; there are ${[...TLB_PRESETS.keys()].join(', ')}`);
  return config;
}
