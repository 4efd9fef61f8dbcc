/** The guest programs on a machine: each computes what can be known without it, and the device programs do what they say. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toolVersion, whereInstalled } from '../tools.js';
import { FramebufferDevice } from '../../drivers/framebuffer/device.js';
import { framebufferDriver } from '../../drivers/framebuffer/driver.js';
import { RegbankDevice } from '../../drivers/regbank/device.js';
import { regbankDriver } from '../../drivers/regbank/driver.js';
import { createMachine } from '../../src/machine/index.js';
import type { RunResult } from '../../src/machine/index.js';

const imagePath = (name: string): string => new URL(`../../guest/images/${name}.elf`, import.meta.url).pathname;
const image = (name: string): Uint8Array => readFileSync(imagePath(name));

interface Ran {
  readonly result: RunResult;
  readonly output: string;
  readonly framebuffer: FramebufferDevice;
}

function run(elf: Uint8Array, argv: readonly string[], options: ConstructorParameters<typeof FramebufferDevice>[0] = { width: 64, height: 48 }, fillns = 0): Ran {
  const framebuffer = new FramebufferDevice(options);
  const chunks: Uint8Array[] = [];
  const machine = createMachine({
    ramSize: 16 * 2 ** 20, poolSize: 2 ** 20,
    devices: [{ path: 'fb0', hardware: framebuffer, driver: framebufferDriver }, { path: 'regs0', hardware: new RegbankDevice({ fillns }, framebuffer), driver: regbankDriver }],
    stdout: (bytes) => chunks.push(bytes),
  });
  machine.spawn(elf, argv);
  const result = machine.run({ maxInstructions: 100_000_000 });
  return { result, output: Buffer.concat(chunks).toString(), framebuffer };
}
const program = (name: string, ...args: string[]): Ran => run(image(name), [name, ...args]);
const exited = { status: 'exited', code: 0 };

/** The generator of chase and update. */
function* xorshift(): Generator<bigint, never> {
  let seed = 88172645463325252n;
  for (;;) {
    seed = BigInt.asUintN(64, seed ^ (seed << 13n));
    seed ^= seed >> 7n;
    seed = BigInt.asUintN(64, seed ^ (seed << 17n));
    yield seed;
  }
}

describe('programs that compute', () => {
  it('hello says hello and repeats its arguments', () => {
    expect(program('hello', 'a', 'b c', '')).toMatchObject({ result: exited, output: expect.stringMatching(/^hello from a RISC-V guest, process \d+\nargv\[0\] = hello\nargv\[1\] = a\nargv\[2\] = b c\nargv\[3\] = \n$/) as string });
  });

  it('sieve counts the 1229 primes below 10000', () => {
    expect(program('sieve', '10000')).toMatchObject({ result: exited, output: 'sieve: 1229 primes below 10000\n' });
  });

  it('fib finds fib(17) = 1597', () => {
    expect(program('fib', '17')).toMatchObject({ result: exited, output: 'fib: fib(17) = 1597\n' });
  });

  it('sha256 agrees with the host about 4 KiB of zeros', () => {
    expect(program('sha256', '4').output).toBe(`sha256: ${createHash('sha256').update(new Uint8Array(4096)).digest('hex')}\n`);
  });

  // These check themselves: order and sum, (AB)v = A(Bv), every pixel, a residue.
  it.each([
    ['sort', '3000', 'sort: 3000 words, 0 out of order, sum kept\n'],
    ['sort', '0', 'sort: 0 words, 0 out of order, sum kept\n'],
    ['matmul', '17', 'matmul: 17 x 17, 0 wrong rows\n'],
    ['blit', '1', 'blit: 1 frames, 0 wrong pixels\n'],
    ['lu', '12', 'lu: 12 equations, solution right\n'],
  ])('%s %s finds its own result right', (name, argument, output) => {
    expect(program(name, argument)).toMatchObject({ result: exited, output });
  });

  it('search finds what the host finds in the same text', () => {
    let seed = 88172645463325252n;
    const letters = Array.from({ length: 4096 }, () => {
      seed = BigInt.asUintN(64, seed * 6364136223846793005n + 1442695040888963407n);
      return 'abc'[Number((seed >> 33n) % 3n)];
    }).join('');
    const places = ['abc', 'acabab', 'bbbbbbbb', 'cabcabcabcab', 'aaab'].flatMap((word) => [...letters.matchAll(new RegExp(`(?=${word})`, 'g'))]);
    expect(program('search', '4').output).toBe(`search: ${places.length} places in 4096 bytes, 0 differences\n`);
  });

  it('mandel iterates in single precision, rounded as the host rounds', () => {
    const f = Math.fround;
    const escape = (x: number, y: number): number => {
      let re = 0;
      let im = 0;
      for (let i = 0; i < 50; i++) {
        const re2 = f(re * re);
        const im2 = f(im * im);
        if (f(re2 + im2) > 4) return i;
        im = f(f(f(2 * re) * im) + y);
        re = f(f(re2 - im2) + x);
      }
      return 50;
    };
    const pitch = f(3 / 30);
    let steps = 0;
    let inside = 0;
    for (let row = 0; row < 15; row++) {
      for (let column = 0; column < 30; column++) {
        const count = escape(f(f(column * pitch) - 2.25), f(f(row + 0.5) * pitch));
        steps += 2 * count;
        if (count === 50) inside += 2;
      }
    }
    expect(program('mandel', '30', '50').output).toBe(`mandel: ${steps} steps, ${inside} points inside, 0 asymmetric\n`);
  });

  it('nbody keeps its energy', () => {
    expect(program('nbody', '1000').output).toMatch(/^nbody: 1000 steps, Jupiter at .*, energy kept\n$/);
  });

  it('vm counts the steps of Collatz sequences', () => {
    let steps = 0;
    for (let i = 1; i < 300; i++) for (let x = i; x > 1; steps++) x = x % 2 ? 3 * x + 1 : x / 2;
    expect(program('vm', '300').output).toMatch(new RegExp(`^vm: \\d+ instructions, ${steps} steps, as in C\n$`));
  });

  it('fill adds up what it wrote', () => {
    const words = 2n ** 20n / 8n;
    const sum = 2n * 3n * (words * (words - 1n) / 2n) + words; // two rounds, the second of them one larger each
    expect(program('fill', '1', '2').output).toBe(`fill: ${2n * words} words, sum 0x${sum.toString(16)}\n`);
  });

  it('update adds to the words that the generator names', () => {
    const words = new Map<bigint, bigint>();
    let check = 0n;
    const numbers = xorshift();
    for (let i = 0; i < 5000; i++) {
      const n = numbers.next().value;
      const word = BigInt.asUintN(64, (words.get(n % 131072n) ?? 0n) + n);
      words.set(n % 131072n, word);
      check ^= word;
    }
    expect(program('update', '1', '5000').output).toBe(`update: 5000 updates of 131072 words, checksum 0x${check.toString(16)}\n`);
  });

  it('chase follows one cycle through all lines', () => {
    const next = Array.from({ length: 16384 }, (_, i) => i);
    const numbers = xorshift();
    for (let i = next.length - 1; i > 0; i--) {
      const j = Number(numbers.next().value % BigInt(i));
      [next[i], next[j]] = [next[j]!, next[i]!];
    }
    let [here, sum] = [0, 0n];
    for (let i = 0; i < 3000; i++) {
      here = next[here]!;
      sum = BigInt.asUintN(64, sum * 31n + BigInt(here));
    }
    expect(program('chase', '1', '3000').output).toBe(`chase: 3000 steps through 16384 lines, checksum 0x${sum.toString(16)}\n`);
  });
});

describe('faults dies of', () => {
  it.each([
    ['null', 11, 'SEGV_MAPERR', 0n], ['null-read', 11, 'SEGV_MAPERR', 8n], ['read-only', 11, 'SEGV_ACCERR', undefined], ['hole', 11, 'SEGV_MAPERR', undefined],
    ['no-access', 11, 'SEGV_ACCERR', undefined], ['illegal', 4, 'ILL_ILLOPC', undefined], ['privileged', 4, 'ILL_ILLOPC', undefined], ['breakpoint', 5, 'TRAP_BRKPT', undefined],
    ['jump', 11, 'SEGV_MAPERR', 0x1234560n], ['jump-data', 11, 'SEGV_ACCERR', undefined], ['non-canonical', 11, 'SEGV_MAPERR', 0x4000000000n], ['misaligned-atomic', 7, 'BUS_ADRALN', undefined],
    ['stack', 11, 'SEGV_MAPERR', undefined], ['nested', 11, 'SEGV_MAPERR', 0n],
  ] as const)('%s: signal %i, %s', (way, signal, code, address) => {
    const { result, output } = program('faults', way);
    expect(output).toMatch(new RegExp(`^${way}: `));
    expect(result).toMatchObject({ status: 'signaled', signal, report: { code, ...(address === undefined ? {} : { addr: address }) } });
  });

  it('nothing when it exits with a code of its own, and of nothing by itself when it never ends', () => {
    expect(program('faults', 'exit').result).toEqual({ status: 'exited', code: 3 });
    expect(program('faults', 'forever').result).toEqual({ status: 'limit' });
    expect(program('faults').result).toEqual({ status: 'exited', code: 2 });
  });
});

describe('demo', () => {
  /** Colour of a pixel, 0xRRGGBB. */
  const pixel = ({ framebuffer }: Ran, x: number, y: number): number => {
    const { pixels, width, channels } = framebuffer.screenshot();
    return [0, 1, 2].reduce((rgb, c) => rgb * 256 + pixels[(y * width + x) * channels + (channels === 3 ? c : 0)]!, 0);
  };

  it('draws its picture, has rectangles filled, and survives the hole it makes', () => {
    const ran = run(image('demo'), ['demo'], { width: 320, height: 240 });
    expect(ran.result).toEqual(exited);
    expect(ran.output.split('\n').map((line) => line.replace(/0x[0-9a-f]+/g, 'ADDRESS'))).toEqual([
      '/dev/fb0: 320 x 240, 32 bits a pixel, 300 KiB mapped at ADDRESS',
      '/dev/regs0: version 1.0 mapped at ADDRESS, scratch and counter work',
      'drew an evening by the lake with ordinary stores',
      'the fill engine drew 6 rectangles and refused one that did not fit',
      'unmapped 8 pages in the middle at ADDRESS, touched the hole three times, survived',
      'done',
      '',
    ]);
    // The sun, whose place and colour the source names, and the first and third field of the palette.
    expect(pixel(ran, 211, 112)).toBe(0xfff6d8);
    expect(pixel(ran, 320 - 16 * 6 + 3, 240 - 3 * 6)).toBe(0x14163c);
    expect(pixel(ran, 320 - 10 * 6 + 3, 240 - 3 * 6)).toBe(0xe67a64);
  });

  it.each(['xrgb8888', 'xbgr8888', 'rgb565', 'gray8'] as const)('shows the same sun in %s', (format) => {
    const ran = run(image('demo'), ['demo'], { width: 160, height: 120, format });
    expect(ran.result).toEqual(exited);
    const sun = pixel(ran, 105, 56);
    for (const [shift, value] of [[16, 0xff], [8, 0xf6], [0, 0xd8]] as const) expect(Math.abs(((sun >> shift) & 255) - (format === 'gray8' ? 0xf5 : value))).toBeLessThanOrEqual(8);
  });

  it.each([[1, 1], [64, 1], [333, 7], [100, 300]])('gets along with a framebuffer of %i x %i', (width, height) => {
    expect(run(image('demo'), ['demo'], { width, height }).result).toEqual(exited);
  });

  it('waits for an engine that needs its time', () => {
    const ran = run(image('demo'), ['demo'], { width: 160, height: 120 }, 50);
    expect(ran.result).toEqual(exited);
    expect(ran.output).toContain('drew 6 rectangles');
  });

  it('says which device is missing', () => {
    expect(program('demo', '/dev/fb7')).toMatchObject({ result: { status: 'exited', code: 1 }, output: 'demo: /dev/fb7: error 2\n' });
  });
});

describe('forkmap', () => {
  it('a child draws on the device mapping it inherited, and its parent sees it', () => {
    const { result, output } = program('forkmap');
    expect(output).toMatch(/^child \d+ drew on the mapping it inherited\nparent \d+ saw what child \d+ drew: 0 differences\n$/);
    expect(result).toEqual(exited);
  });
});

// The next two need tools that a fresh machine does not have; what they compare is compared by other tests as well.
const linuxCompiler = toolVersion('riscv64-linux-gnu-gcc') !== undefined;
whereInstalled(linuxCompiler, 'a program compiled for Linux (riscv64-linux-gnu-gcc is not installed)', () => describe('a program compiled for Linux', () => {
  it('runs unchanged', () => {
    const folder = mkdtempSync(join(tmpdir(), 'segdev-demo-'));
    try {
      const source = new URL('../../guest/programs/demo/demo.c', import.meta.url).pathname;
      execFileSync('riscv64-linux-gnu-gcc', ['-O2', '-nostdlib', '-static', '-march=rv64imac', '-mabi=lp64', '-o', join(folder, 'demo'), source]);
      expect(run(readFileSync(join(folder, 'demo')), ['demo'], { width: 160, height: 120 }).result).toEqual(exited);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 30_000);
}));

whereInstalled(toolVersion('qemu-riscv64') !== undefined, 'guest programs with qemu-riscv64 (not installed)', () => describe('qemu-riscv64', () => {
  it.each([['hello'], ['sieve', '200000'], ['fib', '20'], ['sha256', '64'], ['fill', '1', '3'], ['chase', '1', '20000'], ['update', '1', '20000'], ['sort', '20000'], ['matmul', '24'], ['search', '16'],
    ['vm', '500'], ['blit', '1'], ['mandel', '20'], ['nbody', '300'], ['lu', '20'], ['faults']])('prints the same for %s %s %s', (name, ...args) => {
    const given = args.filter((arg) => arg !== undefined);
    const qemu = spawnSync('qemu-riscv64', ['-0', name, imagePath(name), ...given], { encoding: 'utf8' });
    expect(qemu.error).toBeUndefined();
    const ours = program(name, ...given);
    expect(ours.output.replace(/process \d+/, '')).toBe(qemu.stdout.replace(/process \d+/, ''));
    expect(ours.result).toEqual({ status: 'exited', code: qemu.status });
  });
}));
