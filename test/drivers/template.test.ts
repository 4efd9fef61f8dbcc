/** The template driver: what its README promises, word for word. */
import { describe, expect, it } from 'vitest';
import { TemplateDevice } from '../../drivers/template/device.js';
import { templateDriver } from '../../drivers/template/driver.js';
import { DriverKit, unmapMatrix } from '../../src/harness/index.js';

const make = (): { driver: typeof templateDriver; hardware: TemplateDevice } => ({ driver: templateDriver, hardware: new TemplateDevice() });

describe('template', () => {
  it('shows one page', () => {
    const kit = new DriverKit(make());
    const page = kit.process().open().mmap({ len: 0x1000 });
    page.store(0, 42n);
    expect(page.load(0)).toBe(42n);
    kit.finish();
  });

  it('shows the same page to everybody', () => {
    const kit = new DriverKit(make());
    const [one, other] = [kit.process(), kit.process()].map((process) => process.open().mmap({ len: 0x1000 }));
    one?.store(0xff8, 0x1122_3344_5566_7788n, 8);
    expect(other?.load(0xff8, 8)).toBe(0x1122_3344_5566_7788n);
    kit.finish();
  });

  it.each([[0x2000, 0], [0x1000, 0x1000]])('%i bytes at %i are more than it has', (len, off) => {
    const kit = new DriverKit(make());
    expect(() => kit.process().open().mmap({ len, off })).toThrow(/ENXIO.*EINVAL/);
    kit.finish();
  });

  it('cannot be mapped private: it has no devmap_access', () => {
    const kit = new DriverKit(make());
    expect(() => kit.process().open().mmap({ len: 0x1000, type: 'private' })).toThrow('EINVAL');
    kit.finish();
  });

  for (const { name, run } of unmapMatrix(make, { len: 0x1000 })) it(`unmapping: ${name}`, run);
});
