import { describe, expect, it } from 'vitest';
import { TLB_PRESETS, checkTlbConfig } from '../../mmu/index.js';

/** Entries by array, as the sources state them: what a preset is worth is that these figures are right. */
const figures: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  'sifive-u54': { ITLB: [32, 32], DTLB: [32, 32] },
  cva6: { ITLB: [16, 16], DTLB: [16, 16] },
  'thead-c906': { 'I-uTLB': [10, 10], 'D-uTLB': [10, 10], jTLB: [128, 2] },
  'thead-c910': { 'I-uTLB': [32, 32], 'D-uTLB': [16, 16], 'D-uTLB-huge': [1, 1], jTLB: [1024, 4] },
  'intel-skylake': { 'ITLB-4K': [128, 8], 'ITLB-2M': [8, 8], 'DTLB-4K': [64, 4], 'DTLB-2M': [32, 4], 'DTLB-1G': [4, 4], STLB: [1536, 12], 'STLB-1G': [16, 4] },
  'intel-golden-cove': { 'ITLB-4K': [256, 8], 'ITLB-2M': [32, 32], 'load-4K': [96, 6], 'load-2M': [32, 4], 'load-1G': [8, 8], store: [16, 16], STLB: [2048, 16] },
  'arm-cortex-a53': { 'I-uTLB': [10, 10], 'D-uTLB': [10, 10], main: [512, 4] },
  'arm-cortex-a76': { ITLB: [48, 48], DTLB: [48, 48], L2: [1280, 5] },
  'gem5-riscv': { itb: [64, 64], dtb: [64, 64] },
  champsim: { ITLB: [64, 4], DTLB: [64, 4], STLB: [1536, 12], PSCL3: [8, 4], PSCL2: [32, 8] },
  virtuoso: { L1I: [64, 4], 'L1D-4K': [64, 4], 'L1D-2M': [64, 4], L2: [2048, 8], 'PWC-1G': [32, 4], 'PWC-2M': [32, 4] },
};

describe('TLB presets', () => {
  for (const [name, config] of TLB_PRESETS) {
    it(`${name} is sound, and cites where it comes from unless it is our own`, () => {
      checkTlbConfig(config);
      expect(config.name).toBe(name);
      const arrays = [...config.levels.flat(), ...config.walkCache];
      const own = name === 'segdev' || name === 'none';
      expect(config.sources.length > 0).toBe(!own);
      if (!own) expect(Object.fromEntries(arrays.map((array) => [array.name, [array.sets * array.ways, array.ways]]))).toEqual(figures[name]);
    });

    it(`${name} is plain data`, () => {
      expect(JSON.parse(JSON.stringify(config))).toEqual(config);
    });
  }
});
