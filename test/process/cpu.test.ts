import { expect, it } from 'vitest';
import type { Hart } from '../../src/hart/index.js';
import { Kernel, preempt, seeded } from '../../src/kernel/index.js';
import type { Resident } from '../../src/process/cpu.js';
import { CpuPool } from '../../src/process/cpu.js';

it('a processor given back while a thread is about to sleep for one is not missed', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const kernel = new Kernel({ preemptive: true, choose: seeded(seed) });
    const pool = new CpuPool([{} as Hart, {} as Hart]);
    let turns = 0;
    for (let n = 0; n < 5; n++) {
      const resident = {} as Resident;
      kernel.spawn(`thread ${n}`, function* () {
        for (let turn = 0; turn < 4; turn++) {
          const cpu = yield* pool.take(resident, undefined);
          expect(cpu.holder).toBe(resident);
          yield* preempt();
          turns++;
          pool.give(cpu);
        }
      });
    }
    expect([seed, kernel.run().status, turns]).toEqual([seed, 'idle', 20]);
  }
});
