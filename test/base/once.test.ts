import { expect, it } from 'vitest';
import { once } from '../../src/base/index.js';

it('makes nothing before it is asked, and the same thing only once after', () => {
  let made = 0;
  const get = once(() => [++made]);
  expect(made).toBe(0);
  const first = get();
  expect(get()).toBe(first);
  expect(made).toBe(1);
});

it('remembers undefined too, and tries again after an error', () => {
  let asked = 0;
  const nothing = once(() => { asked++; });
  expect([nothing(), nothing(), asked]).toEqual([undefined, undefined, 1]);
  const late = once(() => {
    if (++asked < 3) throw new RangeError('too early');
    return 'now';
  });
  expect(late).toThrow('too early');
  expect(late()).toBe('now');
});
