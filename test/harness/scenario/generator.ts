/**
 * Scripts of the scenario language nobody has written: every set-up word and every operation, with arguments that are mostly sensible
 * and sometimes not, but always well-formed. Names are few, so that operations meet each other.
 */
import fc from 'fast-check';

type Text = fc.Arbitrary<string>;

const hex = (n: number): string => (n < 0 ? String(n) : `0x${n.toString(16)}`);
const of = (...words: readonly string[]): Text => fc.constantFrom(...words);
const mostly = (usual: Text, odd: Text, weight = 9): Text => fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: odd });
/** One word that is there every other time. */
const maybe = (word: Text): Text => fc.oneof(fc.constant(''), word);
/** Words with blanks between, absent ones left out. */
const line = (...words: readonly (Text | string)[]): Text =>
  fc.tuple(...words.map((word) => (typeof word === 'string' ? fc.constant(word) : word))).map((all) => all.filter((word) => word !== '').join(' '));
const key = (name: string, value: Text): Text => value.map((text) => `${name}=${text}`);
const int = (min: number, max: number): Text => fc.integer({ min, max }).map(String);
const joined = (...words: readonly string[]): Text => fc.uniqueArray(of(...words), { minLength: 1, maxLength: 2 }).map((some) => some.join('+'));

const ODD = of('0', '1', '-1', '-4096', '0xfff', '0x1001', '0x200000', '0x3ff000', '0x40000000', '0x3ffffff000', '0x4000000000', '0x7efffffff000', '0x10000000000000');
const page = (max: number): Text => fc.integer({ min: 0, max }).map((n) => hex(n * 0x1000));
const pages = (max: number): Text => fc.integer({ min: 1, max }).map((n) => hex(n * 0x1000));
const offset = mostly(page(12), ODD, 12);
const length = mostly(fc.oneof({ weight: 4, arbitrary: pages(6) }, { weight: 1, arbitrary: of('0x200000', '0x400000', '0x201000') }), ODD, 12);
const space = mostly(of('A1', 'A1', 'A1', 'A2', 'A2', 'A3'), of('A4', 'A9'), 20);
const device = of('d0', 'd1', 'd2');
const handle = fc.integer({ min: 1, max: 16 }).map((n) => `h${n}`);
const cookie = of('k0', 'k1', 'k2', 'k3');
const callbacks = of('c0', 'c1', 'c2');
const LABELS = ['m1', 'm2', 'm3', 'm4', 'm5'] as const;
const label = of(...LABELS);
const address = mostly(fc.oneof(label, fc.tuple(label, page(8)).map(([name, at]) => `${name}+${at}`), fc.tuple(label, of('0x200000', '0x1ff000', '0x3ff000')).map(([name, at]) => `${name}+${at}`)),
  fc.oneof(ODD, of('nowhere', 'm1+1', 'm1+-4096')), 20);
const prot = mostly(of('rwu', 'rwu', 'ru', 'rwxu'), of('u', '-', 'r', 'wu', 'xu', 'rw'), 5);
const rw = mostly(of('read', 'write'), of('exec', 'other', 'create'), 4);
const type = mostly(of('inval', 'inval', 'softlock'), of('prot', 'softunlock'), 5);
const error = of('EIO', 'ENOMEM', 'EINVAL', 'EAGAIN', '1', '-1', '0', '3', '4', '300', '0x503');
const acc = of('strict', 'unordered', 'merging', 'loadcaching', 'storecaching', 'bad');
const dflags = joined('invalid', 'remap', 'pagesize', 'cached', 'wc', 'uncached');
const mflags = mostly(of('shared'), of('private', 'shared+fixed', 'private+fixed', 'shared+noreserve', '0', '0x10'), 12);
const access = mostly(of('none', 'load', 'load', 'default', 'ctx', 'ctx', 'remap'), of('quiet', 'nulldev', 'nodev'), 12);

const flag = (name: string): Text => maybe(fc.constant(name));

const setUpLines: readonly Text[] = [
  line('option ncpus', int(1, 3)), line('option pagesizes', int(1, 3)), line('option sig_intr', int(0, 1)), line('option hat_split_panic', int(0, 1)),
  line('option chgprot_i86pc', int(0, 1)), line('option cache_sparc', int(0, 1)), line('option assert_continue', int(0, 1)), line('option trace_kmem', int(0, 1)),
];

const failing = line('fail', of('kmem', 'vmem', 'segkp', 'segkpfault', 'addmap', 'acchdl', 'ddimap', 'upgrade', 'mapfault', 'mapcheck', 'segalloc', 'choose'),
  maybe(key('count', int(0, 3))), maybe(key('after', int(0, 3))), maybe(key('err', error)));
const callbackSet = line('cb', callbacks, flag('map'), flag('dup'), flag('unmap'), flag('keep'), flag('untime'), maybe(key('fn', int(0, 3))), maybe(key('timeout', int(0, 5))), maybe(key('access', access)));
const programmed = line('set', callbacks, maybe(key('map', error)), maybe(key('access', error)), maybe(key('dup', error)), maybe(key('ctx', error)), maybe(key('after', int(0, 2))));
const remapTarget = line('set', callbacks, key('rn', int(0, 2)), key('roff', offset), key('len', length), maybe(key('maxprot', prot)), maybe(key('flags', dflags)));
const umemAlloc = line('umem_alloc', cookie, key('size', mostly(pages(9), ODD)), maybe(key('flags', joined('sleep', 'nosleep', 'pageable', 'trash'))));
const pmemAlloc = line('pmem_alloc', cookie, key('pages', int(0, 8)));

/** One device: what the driver is like, its register sets, and chunks that follow each other. */
function deviceLines(name: string): fc.Arbitrary<string[]> {
  const made = line('device', name, mostly(fc.constant(''), key('devmap', of('yes', 'none', 'nodev', 'nulldev', 'null'))), maybe(key('mmap', of('yes', 'yes', 'nodev', 'nulldev', 'none'))),
    mostly(fc.constant(''), key('segmap', of('none', 'devmap', 'setup', 'regs')), 3), maybe(key('rn', int(0, 2))), maybe(key('acc', acc)), mostly(fc.constant(''), of('nodevmapflag')));
  const regs = [line('reg', name, '0', 'pa=0x340000000', 'size=0x4000000'), line('reg', name, '1', 'pa=0x3e0201000', 'size=0x8000'), line('reg', name, '2', 'pa=0x3f8 size=0x8 io')];
  const sizes = fc.array(fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 2, max: 12 }) }, { weight: 1, arbitrary: fc.constantFrom(512, 1024, 1025) }), { minLength: 2, maxLength: 4 });
  const chunks = sizes.chain((all) => {
    let at = 0;
    return fc.tuple(...all.map((count) => {
      const off = at;
      at += count;
      return chunkLine(name, off * 0x1000, count * 0x1000);
    }));
  });
  return fc.tuple(made, fc.tuple(...regs), chunks).map(([first, some, rest]) => [first, ...some, ...rest]);
}

const seldom = (word: Text, weight = 9): Text => mostly(fc.constant(''), word, weight);

const chunkLine = (name: string, off: number, len: number): Text =>
  line('chunk', name, mostly(of('devmem', 'devmem', 'devmem', 'umem cookie=k0', 'umem cookie=k1', 'pmem cookie=k2 flags=uncached'), of('none', 'umem', 'pmem cookie=k0', 'umem cookie=k2', 'umem cookie=k3'), 12), `off=${hex(off)} len=${hex(len)}`, mostly(of('rn=0', ''), of('rn=2', 'rn=3', 'rn=-1'), 30),
    maybe(key('roff', mostly(fc.oneof(page(4), of('0', '0x200000')), ODD, 30))), seldom(key('maxprot', prot), 4),
    seldom(key('flags', mostly(of('remap', 'pagesize', 'remap+pagesize'), dflags, 3)), 3), seldom(key('acc', acc), 12), mostly(key('cb', callbacks), fc.constant('')),
    seldom(fc.oneof(key('ret', error), key('maplen', length), key('setlen', length), fc.constant('twice')), 30));

const asking = of('getprot', 'checkprot', 'incore', 'getoffset', 'gettype', 'getvp', 'memid', 'sync', 'lockop', 'advise', 'pagelock', 'setpagesize', 'inherit', 'capable', 'getpolicy',
  'faulta', 'segdump', 'swapout', 'kluster');

const mapping = (name: Text): Text => line('mmap', name, space, device, maybe(key('off', mostly(page(4), offset, 5))), key('len', mostly(pages(6), length, 5)), seldom(key('addr', address), 4),
  key('prot', prot), seldom(key('maxprot', prot), 4), key('flags', mflags));

const operations: readonly (readonly [number, Text])[] = [
  [9, mapping(label)],
  [5, line('munmap', space, address, length)], [4, line('mprotect', space, address, length, prot)],
  [7, line('fault', space, address, length, type, rw)], [9, line('touch', space, address, rw)],
  [4, line('softlock', of('s1', 's2', 's3'), space, address, length, rw)], [4, line('softunlock', of('s1', 's2', 's3'), rw)],
  [3, line('fork', of('A1', 'A2', 'A3'), of('A2', 'A3', 'A4'))], [1, line('exit', mostly(of('A2', 'A3', 'A4'), of('A1')))], [1, line('space', of('A2', 'A3', 'A1'))],
  [3, line('devmem_remap', handle, key('rn', int(-1, 3)), key('roff', offset), key('len', length), maybe(key('maxprot', prot)), maybe(key('flags', dflags)), maybe(key('acc', acc)))],
  [3, line('umem_remap', handle, key('cookie', cookie), key('off', offset), key('len', length), maybe(key('maxprot', prot)), maybe(key('flags', dflags)), maybe(key('acc', acc)))],
  [3, line('unload', handle, fc.oneof(offset, page(4).map((at) => `@${at}`)), length)],
  [3, line('load', handle, fc.oneof(offset, page(4).map((at) => `@${at}`)), length, type, rw, mostly(fc.constant(''), of('nolock')))],
  [2, line('ctxtimeout', handle, int(-1, 5))], [1, line('noctx', handle)], [2, line('tick', mostly(int(0, 20), of('-1', '0x100000')))],
  [3, line(asking, space, address, maybe(length), maybe(key('prot', prot)))], [1, line('rawunmap', space, address, length)],
  [1, line(of('copyfrom', 'copyto'), space, address, of('00', 'deadbeef', '0123456789abcdef'))], [1, line(of('dump', 'segs', 'pt'), space)], [1, of('leaks')],
  [2, umemAlloc], [1, pmemAlloc], [2, line('umem_free', cookie, flag('force'))], [1, line('umem_lock', cookie, space, address, length, flag('pages'))],
  [2, failing], [1, callbackSet], [2, programmed], [1, remapTarget],
  [1, line('reg', device, '1', key('pa', mostly(of('0x3e0201000', '0x350000000'), ODD)), key('size', length))],
  [1, device.chain((name) => chunkLine(name, 0x2000000, 0x4000))],
];

/** A whole script: set-up, then some operations. */
export const script = (maxOperations: number): Text =>
  fc.tuple(
    fc.array(fc.oneof(...setUpLines), { maxLength: 3 }), fc.tuple(fc.constant('umem_alloc k0 size=0x30000'), key('umem_alloc k1 size=0x30000 flags', of('pageable', 'pageable+nosleep', 'trash', 'nosleep')), fc.constant('pmem_alloc k2 pages=48')), fc.tuple(callbackSet, callbackSet, callbackSet),
    fc.tuple(deviceLines('d0'), deviceLines('d1'), deviceLines('d2')),
    fc.tuple(...LABELS.map((name) => mostly(line('mmap', name, of('A1', 'A1', 'A2'), device, maybe(key('off', page(2))), key('len', pages(8)), 'prot=rwu', 'flags=shared'), mapping(fc.constant(name)), 3))),
    fc.array(fc.oneof(...operations.map(([weight, arbitrary]) => ({ weight, arbitrary }))), { minLength: maxOperations >> 1, maxLength: maxOperations }),
  ).map(([options, memory, sets, devices, mappings, rest]) => [...options, 'space A2', 'space A3', ...memory, ...sets, ...devices.flat(), ...mappings, ...rest].join('\n'));

/** A script one word of which is lost, doubled, replaced or mutilated. */
export const brokenScript: Text = fc.tuple(script(6), fc.nat(), fc.nat(), fc.constantFrom('', 'x', '=', '0x', '-', '99999999999999999999', '0xffffffffffffffff', '0x7fffffffffffffff', '9007199254740991', '-9007199254740991', '08', '@', '+', 'm1+', 'h', 'd9', 'A1=1', '\0', 'é'), fc.nat(3))
  .map(([text, at, where, odd, how]) => {
    const lines = text.split('\n');
    const words = lines[at % lines.length]!.split(' ');
    const index = where % words.length;
    const word = words[index]!;
    const [name, value] = word.split('=');
    words.splice(index, 1, ...[[], [word, word], [odd], [value === undefined ? word.slice(0, -1) : `${name}=${odd}`]][how]!);
    lines[at % lines.length] = words.join(' ');
    return lines.join('\n');
  });
