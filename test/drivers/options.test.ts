/** Options of devices: every mistake is one line that names the device, the option and the value. */
import { describe, expect, it } from 'vitest';
import { FramebufferDevice } from '../../drivers/framebuffer/device.js';
import { framebufferOptions } from '../../drivers/framebuffer/registers.js';
import { OptionError, type OptionSpec, checkOptions } from '../../drivers/options.js';
import { RegbankDevice } from '../../drivers/regbank/device.js';
import { regbankOptions } from '../../drivers/regbank/registers.js';

const oneLineAbout = (act: () => unknown, ...words: string[]): void => {
  let caught: unknown;
  try {
    act();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(OptionError);
  const { message } = caught as OptionError;
  expect(message).not.toContain('\n');
  for (const word of words) expect(message).toContain(word);
};

/** For each number option of a device: values that must be refused. */
const badNumbers = (specs: readonly OptionSpec[]): [string, unknown][] =>
  specs.filter((spec) => spec.kind === 'number').flatMap((spec) =>
    [spec.min - 1, spec.max + 1, spec.min + 0.5, Number.NaN, Number.POSITIVE_INFINITY, '7', null, {}].map((value): [string, unknown] => [spec.name, value]));

const badChoices = (specs: readonly OptionSpec[]): [string, unknown][] =>
  specs.filter((spec) => spec.kind === 'choice').flatMap((spec) => ['', 'XRGB8888', 'toString', 0, null].map((value): [string, unknown] => [spec.name, value]));

describe('framebuffer options', () => {
  it.each([...badNumbers(framebufferOptions), ...badChoices(framebufferOptions)])('%s=%s is refused by name', (name, value) => {
    oneLineAbout(() => new FramebufferDevice({ [name]: value }), 'framebuffer', name, JSON.stringify(value));
  });

  it('an option it does not have is refused with the list of those it has', () => {
    oneLineAbout(() => new FramebufferDevice({ widht: 5 } as object), '"widht"', 'width', 'height', 'format', 'align', 'base');
  });

  it('a base that is not on a page boundary is refused', () => {
    oneLineAbout(() => new FramebufferDevice({ base: 0x1_0000_0800 }), 'base', '4096', String(0x1_0000_0800));
  });

  it.each([
    [{ width: 1, height: 1 }], [{ width: 16384, height: 16384 }], [{ format: 'gray8' }], [{ align: '1g' }], [{ base: 0x1_0000_1000 }], [{}], [{ width: undefined }],
  ] as const)('%o is accepted', (options) => {
    expect(new FramebufferDevice(options).geometry.width).toBeGreaterThan(0);
  });

  it('what was left out gets its default', () => {
    const { width, height, format } = new FramebufferDevice().geometry;
    expect([width, height, format.name]).toEqual([1024, 768, 'xrgb8888']);
  });
});

describe('regbank options', () => {
  it.each(badNumbers(regbankOptions))('%s=%s is refused by name', (name, value) => {
    oneLineAbout(() => new RegbankDevice({ [name]: value }, undefined), 'regbank', name, JSON.stringify(value));
  });

  it('an empty name of a framebuffer is refused', () => {
    oneLineAbout(() => new RegbankDevice({ framebuffer: '' }, undefined), 'regbank', 'framebuffer');
  });
});

describe('option descriptions', () => {
  it.each([['framebuffer', framebufferOptions], ['regbank', regbankOptions]] as const)('every default of %s is a value it accepts', (device, specs: readonly OptionSpec[]) => {
    for (const { name, default: value } of specs) {
      expect(checkOptions<readonly OptionSpec[]>(device, specs, { [name]: value })).toHaveProperty(name, value);
    }
  });
});
