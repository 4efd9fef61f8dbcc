import { describe, expect, it } from 'vitest';
import { createMachine } from '../../src/machine/index.js';
import { assemble } from '../../guest/index.js';
import { Guest } from './guest-program.js';

/** Two processes add to one word of shared memory, each `count` times, by loops of lr, `between`, sc. */
function adders(count: number, between = ''): Guest {
  const g = new Guest().sys('mmap', 0, 4096, 3, 0x21, -1, 0).asm('mv s0, a0').sys('clone', 17, 0, 0, 0, 0).asm(`mv s1, a0\nli s2, ${count}`);
  g.asm(`again: lr.w t0, (s0)\naddi t0, t0, 1\n${between}\nsc.w t1, t0, (s0)\nbnez t1, again\naddi s2, s2, -1\nbnez s2, again\nbnez s1, parent\nli a0, 0\nli a7, 93\necall\nparent:`);
  return g.sys('wait4', -1, 0, 0, 0).asm('lw t0, 0(s0)').expect(2 * count, 't0');
}
/** What makes the longest loop the manual promises success for: 16 instructions. */
const LONGEST = Array.from({ length: 12 }, () => 'addi t2, t2, 1').join('\n');

describe('a constrained lr/sc loop', () => {
  it.each([[1, 1], [1, 2], [1, 3], [2, 1], [2, 5]])('comes through on %i harts with turns of %i instructions', (harts, quantum) => {
    expect(adders(50).run({ harts, quantum }, 200_000).result).toEqual({ status: 'exited', code: 0 });
    expect(adders(20, LONGEST).run({ harts, quantum }, 200_000).result).toEqual({ status: 'exited', code: 0 });
  });

  it('comes through where the run is bounded after every single instruction, and every bound is exact', () => {
    const machine = createMachine({ ramSize: 2 ** 22, quantum: 1 });
    machine.spawn(assemble(adders(5).source).elf, ['adders']);
    let [status, done] = ['limit', 0];
    for (; status === 'limit' && done < 5000; done++) {
      expect(machine.statistics().instructions).toBe(done);
      ({ status } = machine.run({ maxInstructions: done + 1 }));
    }
    expect(status).toBe('exited');
  });

  it('does not keep the processor from others when the sc never comes', () => {
    const g = new Guest().sys('mmap', 0, 4096, 3, 0x21, -1, 0).asm('mv s0, a0').sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent\nhold: lr.w t0, (s0)\nj hold\nparent: mv s1, a0\nli t2, 500\n1: addi t2, t2, -1\nbnez t2, 1b');
    const { result, machine } = g.sys('kill', 's1', 9).expect(0).run({ quantum: 1 }, 200_000);
    expect(result).toEqual({ status: 'exited', code: 0 });
    // A turn of 1 becomes one of at most 17.
    expect(machine.statistics().instructions).toBeLessThan(1100 * 18);
  });
});
