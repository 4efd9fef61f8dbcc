import { expect, it } from 'vitest';
import { Guest } from './guest-program.js';

it('a program prints and exits', () => {
  const { stdout } = new Guest().data('hello: .ascii "hello, world\\n"').sys('write', 1, '&hello', 13).expect(13).passes();
  expect(stdout).toBe('hello, world\n');
});
