/** Path resolution against a second description of it, on random trees full of links. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, errnoName } from '../../src/base/index.js';
import { HostTree } from '../../src/process/fs/host-tree.js';
import { HostDirectory } from '../../src/process/fs/host-vnode.js';
import { find, walk } from '../../src/process/fs/walk.js';
import { placePath } from '../../src/process/fs/place.js';
import type { Walker } from '../../src/process/fs/walk.js';
import { MemoryFiles } from './memory-files.js';
import type { Layout } from './memory-files.js';

const SEED = 20_250_311;

/** A walker in the root of `layout`. */
function walkerOf(layout: Layout, start = '/'): Walker {
  const root = new HostDirectory(new HostTree({ host: new MemoryFiles(layout), space: 0, maxOpen: 1, now: () => 0n }), undefined, '');
  const walker = { root, start: root, caller: { pid: 1 } };
  const place = find(walker, start, true);
  if (typeof place === 'number') throw new Error(`${start}: ${errnoName(-place)}`);
  return { ...walker, start: place };
}

/** The name of what a path leads to, or the name of the error. */
function resolve(walker: Walker, path: string, follow = true): string {
  const place = find(walker, path, follow);
  return typeof place === 'number' ? errnoName(-place) : placePath(place);
}

/**
 * The same by rewriting the path as a whole: the first prefix that is a link is replaced by what the link says, until there is none.
 * Works on a plain object and knows nothing of vnodes.
 */
function oracle(layout: Layout, start: string, path: string): string {
  let text = path.startsWith('/') ? path : `${start}/${path}`;
  for (let links = 0; links <= 41; links++) {
    const parts = text.split('/').filter((part) => part !== '');
    const done: string[] = [];
    let at: Layout | string | Uint8Array = layout;
    let rewritten: string | undefined;
    for (const [i, part] of parts.entries()) {
      if (typeof at === 'string' || at instanceof Uint8Array) return 'ENOTDIR';
      if (part === '.') continue;
      if (part === '..') done.pop();
      else done.push(part);
      let here: Layout | string | Uint8Array | undefined = layout;
      for (const name of done) here = typeof here === 'object' && !(here instanceof Uint8Array) ? here[name] : undefined;
      if (here === undefined) return 'ENOENT';
      if (typeof here === 'string' && here.startsWith('->')) {
        const target = here.slice(2);
        const above = target.startsWith('/') ? '' : `/${done.slice(0, -1).join('/')}`;
        rewritten = [above, target, ...parts.slice(i + 1)].join('/') + (text.endsWith('/') ? '/' : '');
        break;
      }
      at = here;
    }
    if (rewritten === undefined) return text.endsWith('/') && typeof at === 'string' ? 'ENOTDIR' : `/${done.join('/')}`;
    text = rewritten;
  }
  return 'ELOOP';
}

const name = fc.constantFrom('a', 'b', 'c');
const pathText = fc.array(fc.constantFrom('a', 'b', 'c', '..', '.', ''), { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/')).filter((path) => path !== '');
const target = fc.record({ root: fc.constantFrom('', '/', '../'), path: pathText }).map(({ root, path }) => `->${root}${path}`);
const tree = fc.letrec<{ directory: Layout }>((tie) => ({
  directory: fc.dictionary(name, fc.oneof({ maxDepth: 4 }, fc.constant('text'), target, tie('directory')), { maxKeys: 3 }),
})).directory;

describe('a path', () => {
  it('leads where a second description says, whatever links are on its way, and never above the root', () => {
    let interesting = 0;
    fc.assert(fc.property(tree, fc.array(pathText, { minLength: 5, maxLength: 5 }), fc.boolean(), (layout, paths, absolute) => {
      const walker = walkerOf(layout);
      for (const path of paths) {
        const asked = absolute ? `/${path}` : path;
        const expected = oracle(layout, '', asked);
        if (/^\/./.test(expected) || expected === 'ELOOP') interesting++;
        expect([asked, resolve(walker, asked)]).toEqual([asked, expected]);
      }
    }), { seed: SEED, numRuns: 1000 });
    expect(interesting).toBeGreaterThan(400);
  });

  const layout: Layout = { d: { e: { f: 'text' }, up: '->..', root: '->/' }, file: 'text', to: '->d/e', slash: '->d/e/', dangling: '->none', self: '->self', fileslash: '->file/' };

  it('stays at the root with ".."', () => {
    const walker = walkerOf(layout);
    expect(['..', '/..', '/../../d', 'd/../../..', 'd/up/d/up/..', 'd/root/..'].map((path) => resolve(walker, path))).toEqual(['/', '/', '/d', '/', '/', '/']);
  });

  it('counts from where it begins', () => {
    const walker = walkerOf(layout, '/d/e');
    expect(['f', '../e', '../../file', '/file', './f'].map((path) => resolve(walker, path))).toEqual(['/d/e/f', '/d/e', '/file', '/file', '/d/e/f']);
  });

  it('follows a link at its end only when asked, but always one before a slash', () => {
    const walker = walkerOf(layout);
    expect(['to', 'to/', 'to/.', 'slash', 'to/f', 'd/up'].map((path) => resolve(walker, path, false))).toEqual(['/to', '/d/e', '/d/e', '/slash', '/d/e/f', '/d/up']);
    expect(['to', 'slash', 'dangling', 'fileslash'].map((path) => resolve(walker, path, true))).toEqual(['/d/e', '/d/e', 'ENOENT', 'ENOTDIR']);
  });

  it('is ENOTDIR through a file, and ENOENT where something is missing', () => {
    const walker = walkerOf(layout);
    expect(['file/x', 'file/', 'file/.', 'file/..', 'none/x', 'none/..', '', 'd/none/'].map((path) => resolve(walker, path)))
      .toEqual(['ENOTDIR', 'ENOTDIR', 'ENOTDIR', 'ENOTDIR', 'ENOENT', 'ENOENT', 'ENOENT', 'ENOENT']);
  });

  it('may lead through 40 links and not through 41, nor in circles', () => {
    const chain = (links: number): Layout => Object.fromEntries([...Array(links).keys()].map((n) => [`l${n}`, n + 1 < links ? `->l${n + 1}` : '->end']).concat([['end', 'text']]));
    expect([resolve(walkerOf(chain(40)), 'l0'), resolve(walkerOf(chain(41)), 'l0'), resolve(walkerOf(layout), 'self')]).toEqual(['/end', 'ELOOP', 'ELOOP']);
  });

  it('has components of 255 bytes at most, as UTF-8', () => {
    const walker = walkerOf({ ['ä'.repeat(127)]: 'text' });
    expect([resolve(walker, 'ä'.repeat(127)), find(walker, 'ä'.repeat(128), true), find(walker, `${'x'.repeat(256)}/y`, true)]).toEqual([`/${'ä'.repeat(127)}`, -ENAMETOOLONG, -ENAMETOOLONG]);
  });

  it('says where a missing last component would be', () => {
    const found = walk(walkerOf(layout), 'd/../d/new', true);
    if (typeof found === 'number') return expect.fail(errnoName(-found));
    expect([placePath(found.parent), found.name, found.place]).toEqual(['/d', 'new', undefined]);
    expect([walk(walkerOf(layout), 'none/new', true), walk(walkerOf(layout), 'file/new', true), walk(walkerOf(layout), 'self/new', true)]).toEqual([-ENOENT, -ENOTDIR, -ELOOP]);
    const through = walk(walkerOf(layout), 'dangling', true);
    expect(typeof through === 'number' ? through : [placePath(through.parent), through.name]).toEqual(['/', 'none']);
  });
});
