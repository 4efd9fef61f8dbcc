import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/process/labels.js';

describe('names of mappings', () => {
  it('are cut by munmap at the head, in the middle and at the tail', () => {
    const labels = new Labels();
    labels.map(0x1000, 0x5000, '/dev/fb0');
    labels.unmap(0x3000, 0x1000);
    expect([0xfff, 0x1000, 0x2fff, 0x3000, 0x3fff, 0x4000, 0x5fff, 0x6000].map((at) => labels.at(at))).toEqual(
      [undefined, '/dev/fb0', '/dev/fb0', undefined, undefined, '/dev/fb0', '/dev/fb0', undefined]);
    expect(labels.holeAt(0x3800)).toMatchObject({ base: 0x3000, end: 0x4000 });
  });

  it('give way to what is mapped over them, and a hole closes again', () => {
    const labels = new Labels();
    labels.map(0x1000, 0x3000, 'old');
    labels.unmap(0x1000, 0x3000);
    labels.map(0x2000, 0x1000, 'new');
    expect(labels.at(0x2000)).toBe('new');
    expect(labels.holeAt(0x2000)).toBeUndefined();
    expect(labels.holeAt(0x3000)).toMatchObject({ base: 0x3000, end: 0x4000 });
  });

  it('are copied for a child of fork, not shared', () => {
    const parent = new Labels();
    parent.map(0x1000, 0x1000, 'both');
    const child = new Labels(parent);
    child.unmap(0x1000, 0x1000);
    expect([parent.at(0x1000), child.at(0x1000)]).toEqual(['both', undefined]);
  });
});
