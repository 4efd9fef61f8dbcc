/** The driver kit itself: a correct driver passes, a wrong one is told which rule it broke, and texts are readable. */
import { describe, expect, it } from 'vitest';
import { ContractViolation, DriverKit, ExpectationFailed, SignalError, SystemCallError } from '../../src/harness/index.js';
import { ENOMEM, delay, devmap_default_access, settle } from '../../src/sunddi.js';
import { PAGES, type Wrong, testDriver } from './test-driver.js';

const kitOf = (wrong?: Wrong): DriverKit => new DriverKit(testDriver({ counted: true, ...wrong }));

/** Makes a record that nobody asked for; set by the test that wants one. */
let extra = (): object => ({});

/** The breach that `act` reports: rules, and the text. */
const breachOf = (act: () => void): { rules: string[]; message: string } => {
  try {
    act();
  } catch (error) {
    if (error instanceof ContractViolation) return { rules: error.violations.map((v) => v.rule), message: error.message };
    throw error;
  }
  return { rules: [], message: '' };
};

describe('a correct driver', () => {
  it('is recorded call by call in words a test can write down', () => {
    const kit = kitOf();
    const process = kit.process();
    const file = process.open();
    let mapping = file.mmap({ len: 0x1000 });
    mapping.unmap();
    kit.expect('mapping', () => { mapping = file.mmap({ len: 0x5000 }); }, ['devmap [0x0, 0x5000), maps [0x0, 0x5000)', 'map [0x0, 0x5000)']);
    kit.expect('touching', () => mapping.store(0x1000, 1n), ['access [0x1000, 0x2000) write']);
    kit.expect('a hole', () => mapping.unmap(0x2000, 0x1000), ['unmap [0x2000, 0x3000) of [0x0, 0x5000), leaving [0x0, 0x2000) and [0x3000, 0x5000)']);
    kit.expect('a head', () => mapping.unmap(0x3000, 0x1000), ['unmap [0x3000, 0x4000) of [0x3000, 0x5000), leaving [0x4000, 0x5000)']);
    kit.expect('a tail', () => mapping.unmap(0x1000, 0x1000), ['unmap [0x1000, 0x2000) of [0x0, 0x2000), leaving [0x0, 0x1000)']);
    let child = process;
    kit.expect('fork', () => { child = process.fork(); }, ['dup [0x0, 0x1000)', 'dup [0x4000, 0x5000)']);
    kit.expect('close', () => file.close(), []);
    kit.expect('the child ends', () => child.exit(), ['unmap [0x0, 0x1000)', 'unmap [0x4000, 0x5000)']);
    kit.expect('the parent ends', () => process.exit(), ['unmap [0x0, 0x1000)', 'unmap [0x4000, 0x5000)', 'close']);
    kit.finish();
  });

  it('can be asked for some calls only', () => {
    const kit = kitOf();
    const file = kit.process().open();
    expect(kit.calls(() => file.mmap({ len: 0x1000 }).store(0, 1n), ['access'])).toEqual(['access [0x0, 0x1000) write']);
    kit.finish();
  });

  it('may sleep in its callbacks', () => {
    const kit = kitOf({
      *access(dhp, pvtp, off, len, type, rw) {
        yield* delay(3);
        return yield* settle(devmap_default_access(dhp, pvtp, off, len, type, rw));
      },
    });
    const mapping = kit.process().open().mmap({ len: 0x1000 });
    const before = kit.machine.kernel.clock.now;
    expect(mapping.touch(0)).toBe('ok');
    expect(kit.machine.kernel.clock.now).toBeGreaterThan(before);
    kit.finish();
  });

  it('two runs of the same steps give the same trace', () => {
    const run = (): readonly string[] => {
      const kit = kitOf();
      const process = kit.process();
      const mapping = process.open().mmap({ len: 0x4000 });
      mapping.store(0x1000, 1n);
      mapping.in(process.fork()).unmap(0x1000, 0x1000);
      kit.finish();
      return kit.log;
    };
    expect(run()).toEqual(run());
  });
});

describe('a breach of the contract is reported by the step that makes it', () => {
  it('devmap_dup that shares the private data', () => {
    const kit = kitOf({ dup: (_dhp, pvtp, _new, newPvtp) => { newPvtp.value = pvtp; return 0; }, counted: false });
    const process = kit.process();
    process.open().mmap({ len: 0x1000 });
    const { rules, message } = breachOf(() => process.fork());
    expect(rules).toEqual(['CB03']);
    expect(message).toContain('devmap_dup(9E)');
    expect(message).toContain('h2, the duplicate of h1, got the private data p1 of its original');
    expect(message).toContain('    map [0x0, 0x1000)');
  });

  it('no devmap_dup at all, although there is private data', () => {
    const kit = kitOf({ dup: null, counted: false });
    const process = kit.process();
    process.open().mmap({ len: 0x1000 });
    expect(breachOf(() => process.fork()).rules).toContain('CB03');
  });

  it('devmap_unmap that forgets the part behind a hole', () => {
    const records = new Set<object>();
    const kit = new DriverKit(testDriver({
      unmap: (_dhp, pvtp, _off, _len, _new1, pvtp1) => {
        // Keeps its record for the part before the hole; the part behind it is left with what the framework copied: the same.
        if (pvtp1 === null) records.delete(pvtp as object);
      },
    }, records));
    const mapping = kit.process().open().mmap({ len: 0x3000 });
    const { rules, message } = breachOf(() => mapping.unmap(0x1000, 0x1000));
    expect(rules).toEqual(['CB06']);
    expect(message).toContain('h1 and h2, the two parts of h1, share private data p1');
  });

  it('devmap_unmap that clears the private data of what stays', () => {
    const kit = kitOf({ unmap: (_dhp, _pvtp, _off, _len, _new1, _pvtp1, _new2, pvtp2) => { if (pvtp2 !== null) pvtp2.value = null; }, counted: false });
    const mapping = kit.process().open().mmap({ len: 0x2000 });
    const { rules, message } = breachOf(() => mapping.unmap(0, 0x1000));
    expect(rules).toEqual(['CB06']);
    expect(message).toContain('h1, what stays of h1, got no private data');
  });

  it('a record that outlives its handle', () => {
    const kit = kitOf({ unmap: () => undefined });
    const mapping = kit.process().open().mmap({ len: 0x1000 });
    const { rules, message } = breachOf(() => mapping.unmap());
    expect(rules).toEqual(['CB08']);
    expect(message).toContain('1 private data records for 0 live handles');
  });

  it.each<[string, Wrong]>([
    ['devmap_map', { map: (_dhp, _dev, _flags, _off, _len, pvtp) => { pvtp.value = extra(); return ENOMEM; } }],
    ['devmap_dup', { dup: (_dhp, _pvtp, _new, newPvtp) => { newPvtp.value = extra(); return ENOMEM; } }],
  ])('%s that refuses but keeps its record', (_name, wrong) => {
    const records = new Set<object>();
    extra = () => {
      const record = {};
      records.add(record);
      return record;
    };
    const kit = new DriverKit(testDriver({ counted: true, ...wrong }, records));
    const process = kit.process();
    const { rules } = breachOf(() => {
      process.open().mmap({ len: 0x1000 });
      process.fork();
    });
    expect(rules).toEqual(['CB08']);
  });

  it.each<[string, Wrong, string]>([
    ['*maplen forgotten', { maplen: () => 0 }, 'DM03'],
    ['*maplen off a page boundary', { maplen: () => 0x800 }, 'DM03'],
    ['*maplen beyond the request', { maplen: (_set, asked) => asked + 4096 }, 'DM03'],
    ['*maplen short of what was set up', { maplen: (set) => set - 4096 }, 'DM04'],
    ['no set-up', { noSetup: true }, 'DM02'],
  ])('devmap(9E): %s', (_what, wrong, rule) => {
    const kit = kitOf(wrong);
    const file = kit.process().open();
    expect(breachOf(() => file.mmap({ len: 0x2000 })).rules).toContain(rule);
  });
});

describe('failures', () => {
  it('a system call says its name, the error, and what the driver answered', () => {
    const kit = kitOf();
    const file = kit.process().open();
    expect(() => file.mmap({ len: 0x1000, off: PAGES * 4096 })).toThrow(
      new SystemCallError('mmap(len=0x1000, off=0x5000, rw, shared)', 6, 'last call into the driver: devmap [0x5000, 0x6000) -> EINVAL'),
    );
    kit.finish();
  });

  it('devmap_map that refuses makes mmap(2) fail and leaves no handle', () => {
    const kit = kitOf({ map: () => ENOMEM });
    const file = kit.process().open();
    expect(() => file.mmap({ len: 0x1000 })).toThrow(/ENXIO.*map \[0x0, 0x1000\) -> ENOMEM/);
    expect(kit.liveHandles).toBe(0);
    kit.finish();
  });

  it('devmap_dup that refuses makes fork(2) fail and leaves the parent alone', () => {
    const kit = kitOf({ dup: () => ENOMEM });
    const process = kit.process();
    const mapping = process.open().mmap({ len: 0x1000 });
    expect(() => process.fork()).toThrow(/fork\(\) failed: ENOMEM.*dup \[0x0, 0x1000\) -> ENOMEM/);
    expect(mapping.touch(0, 'write')).toBe('ok');
    kit.finish();
  });

  it('an access that ends in a signal says so', () => {
    const kit = kitOf();
    const mapping = kit.process().open().mmap({ len: 0x1000 });
    mapping.unmap();
    expect(() => mapping.load(0x10)).toThrow(SignalError);
    expect(() => mapping.store(0x10, 1n)).toThrow(/^store of 4 bytes at 0x[0-9a-f]+010 ended in SIGSEGV SEGV_MAPERR$/);
    kit.finish();
  });

  it('an expectation that is not met shows both lists and where they part', () => {
    const kit = kitOf();
    const file = kit.process().open();
    expect(() => kit.expect('mapping', () => file.mmap({ len: 0x2000 }), ['devmap [0x0, 0x2000), maps [0x0, 0x2000)', 'map [0x0, 0x1000)'])).toThrow(
      new ExpectationFailed('mapping', ['devmap [0x0, 0x2000), maps [0x0, 0x2000)', 'map [0x0, 0x1000)'], ['devmap [0x0, 0x2000), maps [0x0, 0x2000)', 'map [0x0, 0x2000)']),
    );
    const { message } = new ExpectationFailed('title', ['same', 'wanted'], ['same', 'got', 'more']);
    expect(message.split('\n').slice(1)).toEqual(['      same', '    - wanted', '    + got', '    + more']);
    kit.finish();
  });

  it('mprotect of a part counts at the next access', () => {
    const kit = kitOf();
    const mapping = kit.process().open().mmap({ len: 0x3000 });
    for (const at of [0, 0x1000, 0x2000]) mapping.touch(at, 'write');
    mapping.protect('r', 0x1000, 0x1000);
    expect([0, 0x1000, 0x2000].map((at) => mapping.touch(at, 'write'))).toEqual(['ok', 'SIGSEGV SEGV_ACCERR', 'ok']);
    kit.finish();
  });
});
