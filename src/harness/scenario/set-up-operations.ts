/** The lines that build the machine: options, failures, devices, register sets, chunks, callback sets, spaces. */
import { as_alloc } from '../../vm/index.js';
import { ACCESS_KINDS, CallbackSet } from './callback-set.js';
import { FAILURE_POINTS } from './failures.js';
import type { EntryKind, MockChunk } from './mock-device.js';
import { MockDevice } from './mock-device.js';
import type { Scenario } from './scenario.js';
import { accOrder, dflags, errorNumber, protection } from './values.js';
import type { Line, Word } from './words.js';

const ENTRIES: readonly EntryKind[] = ['yes', 'none', 'null', 'nodev', 'nulldev'];
const SEGMAPS = ['none', 'devmap', 'setup', 'regs'] as const;
const KINDS = ['devmem', 'umem', 'pmem', 'none'] as const;
const EIO = 5;

function oneOf<T extends string>(line: Line, word: Word | undefined, values: readonly T[], otherwise: T): T {
  if (word === undefined) return otherwise;
  return values.find((value) => value === word.text) ?? line.fail(`expected one of ${values.join(', ')}, got ${word.text}`, word);
}

function named(line: Line, pattern: RegExp, what: string): string {
  const word = line.word(what);
  return pattern.test(word.text) ? word.text : line.fail(`expected ${what}, got ${word.text}`, word);
}

function device(s: Scenario, line: Line): MockDevice {
  const word = line.word('a device (d0..d7)');
  return s.world.devices.get(word.text) ?? line.fail(`expected a device that exists, got ${word.text}`, word);
}

/** `option NAME N`. */
export function option(s: Scenario, line: Line): void {
  const word = line.word('an option');
  const name = Object.keys(s.options).find((key) => key === word.text) as keyof Scenario['options'] | undefined;
  if (name === undefined) line.fail(`expected an option (${Object.keys(s.options).join(', ')}), got ${word.text}`, word);
  s.options[name] = line.integer(line.word('a number'));
  line.done();
  if (!s.started) return;
  const { segdev } = s.world;
  segdev.assertions = s.options.assert_continue !== 0 ? 'continue' : 'panic';
  segdev.cachedOnly = s.options.cache_sparc !== 0;
}

/** `fail POINT [count=N] [after=N] [err=E]`. */
export function fail(s: Scenario, line: Line): void {
  const word = line.word('a failure point');
  const point = oneOf(line, word, FAILURE_POINTS, 'kmem');
  const err = line.key('err');
  s.world.failures.program(point, line.numberKey('after', 0), line.numberKey('count', 1), err === undefined ? EIO : errorNumber(line, err));
  line.done();
}

/** `device dN ...`. */
export function makeDevice(s: Scenario, line: Line): void {
  const name = named(line, /^d\d+$/, 'a device name (d0..d7)');
  const { tree, devices } = s.world;
  const acc = line.key('acc');
  const spec = {
    devmap: oneOf(line, line.key('devmap'), ENTRIES, 'yes'), mmap: oneOf(line, line.key('mmap'), ENTRIES, 'nodev'),
    segmap: oneOf(line, line.key('segmap'), SEGMAPS, 'none'), rn: line.numberKey('rn', 0), acc: acc && accOrder(line, acc),
    devmapFlag: !line.flag('nodevmapflag'),
  };
  line.done();
  const dip = tree.addNode({ name: 'd', instance: Number(name.slice(1)) });
  dip.attached = true;
  devices.set(name, new MockDevice(s, spec, dip, (driver) => tree.bind(dip, driver)));
}

/** `reg dN RN pa=X size=X [io]`. */
export function reg(s: Scenario, line: Line): void {
  const target = device(s, line);
  const rn = line.integer(line.word('a register set number'));
  target.register(rn, line.integer(line.needKey('pa')), line.integer(line.needKey('size')), line.flag('io'));
  line.done();
}

/** `chunk dN KIND off=X len=X ...`. */
export function chunk(s: Scenario, line: Line): void {
  const target = device(s, line);
  const kind = oneOf(line, line.word('a kind of memory'), KINDS, 'none');
  const [maxprot, flags, acc, ret] = [line.key('maxprot'), line.key('flags'), line.key('acc'), line.key('ret')];
  const [maplen, setlen] = [line.key('maplen'), line.key('setlen')];
  const made: MockChunk = {
    kind, off: line.integer(line.needKey('off')), len: line.integer(line.needKey('len')), rn: line.numberKey('rn', 0), roff: line.numberKey('roff', 0),
    cookie: line.key('cookie')?.text ?? '-', maxprot: maxprot === undefined ? 15 : protection(line, maxprot),
    flags: flags === undefined ? 0 : dflags(line, flags), acc: acc && accOrder(line, acc), cb: line.key('cb')?.text,
    ret: ret && errorNumber(line, ret), maplen: maplen && line.integer(maplen), setlen: setlen && line.integer(setlen), twice: line.flag('twice'),
  };
  line.done();
  target.chunks.push(made);
}

/** The callback set of a name: without any callback until `cb` gives it some. */
function callbackSet(s: Scenario, name: string): CallbackSet {
  const { callbacks } = s.world;
  const known = callbacks.get(name) ?? new CallbackSet(s);
  callbacks.set(name, known);
  return known;
}

/** `cb cN ...`. */
export function cb(s: Scenario, line: Line): void {
  const name = named(line, /^c\d+$/, 'a callback set (c0..c15)');
  const set = callbackSet(s, name);
  set.map = line.flag('map');
  set.dup = line.flag('dup');
  set.unmap = line.flag('unmap');
  set.keep = line.flag('keep');
  set.untime = line.flag('untime');
  set.fn = line.numberKey('fn', 0);
  if (!(set.fn >= 0 && set.fn <= 3)) line.fail('expected fn=0..3');
  set.timeout = line.numberKey('timeout', 0);
  set.access = oneOf(line, line.key('access'), ACCESS_KINDS, 'none');
  line.done();
}

/** `set cN WHICH=E [after=N]`, or the target of `access=remap`. */
export function set(s: Scenario, line: Line): void {
  const target = callbackSet(s, named(line, /^c\d+$/, 'a callback set (c0..c15)'));
  const after = line.numberKey('after', 0);
  for (const which of ['map', 'access', 'dup', 'ctx']) {
    const value = line.key(which);
    if (value !== undefined) target.program(which, errorNumber(line, value), after);
  }
  const [rn, roff, len, maxprot, flags] = [line.key('rn'), line.key('roff'), line.key('len'), line.key('maxprot'), line.key('flags')];
  if (rn !== undefined) target.target.rn = line.integer(rn);
  if (roff !== undefined) target.target.roff = line.integer(roff);
  if (len !== undefined) target.target.len = line.integer(len);
  if (maxprot !== undefined) target.target.maxprot = protection(line, maxprot);
  if (flags !== undefined) target.target.flags = dflags(line, flags);
  line.done();
}

/** `space NAME`. */
export function space(s: Scenario, line: Line): void {
  const { text } = line.word('a name');
  line.done();
  s.world.nameSpace(text, as_alloc(s.world.vm, text));
}
