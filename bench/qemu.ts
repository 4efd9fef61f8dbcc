/**
 * The same user program under qemu-system-riscv64, with Sv39 and 4K pages, for ratios measured in one run.
 *
 * A bare image is made around the program: a small M-mode stub that turns translation and floating point on, drops to U mode and answers
 * the program's system calls (write is swallowed, exit stops the machine), page tables built here, and the program's
 * own pages. QEMU's time for the program is the time of the whole process less that of a program that exits at once.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble, readElf, writeElf } from '../guest/index.js';
import { PAGESIZE, alignDown, vaddr } from '../src/base/index.js';

const DRAM = 0x8000_0000;
const STUB_BYTES = PAGESIZE;
const STACK_TOP = 0x3f_ffff_f000 - PAGESIZE;
const STACK_PAGES = 64;
/** Where mmap(2) answers from, upward, and how much of it there is: zero pages behind the image. */
const HEAP = 0x10_0000_0000;
const HEAP_PAGES = (160 * 2 ** 20) / PAGESIZE;

const PTE_V = 1;
const PTE_R = 2;
const PTE_W = 4;
const PTE_X = 8;
const PTE_U = 16;
const PTE_AD = 0xc0;

/** The M-mode stub behind the equates SATP, ENTRY, STACK and HEAP. */
const STUB = `
  .globl _start
_start:
  la t0, trap
  csrw mtvec, t0
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, SATP
  csrw satp, t0
  sfence.vma
  li t0, 0x1800
  csrc mstatus, t0
  li t0, 0x6000
  csrs mstatus, t0
  li t0, ENTRY
  csrw mepc, t0
  la t0, heap
  li t1, HEAP
  sd t1, 0(t0)
  li sp, STACK
  mret
  .align 2
trap:
  csrw mscratch, t0
  csrr t0, mcause
  addi t0, t0, -8
  bnez t0, broken
  addi t0, a7, -93
  beqz t0, done
  addi t0, a7, -94
  beqz t0, done
  addi t0, a7, -222
  beqz t0, map
  mv a0, a2
back:
  csrr t0, mepc
  addi t0, t0, 4
  csrw mepc, t0
  csrr t0, mscratch
  mret
map:
  la t0, heap
  ld a0, 0(t0)
  sd a1, 8(t0)
  addi a1, a1, 2047
  addi a1, a1, 2047
  addi a1, a1, 1
  srli a1, a1, 12
  slli a1, a1, 12
  add a1, a1, a0
  sd a1, 0(t0)
  ld a1, 8(t0)
  j back
done:
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
1: j 1b
broken:
  li t0, 0x100000
  li t1, 0x13333
  sw t1, 0(t0)
1: j 1b
  .balign 8
heap: .dword 0, 0
`;

const stub = (satp: bigint, entry: number, stack: number): string =>
  `.equ SATP, ${satp}\n.equ ENTRY, ${entry}\n.equ STACK, ${stack}\n.equ HEAP, ${HEAP}\n${STUB}`;

/** Physical memory being laid out: frames are handed out upward from behind the stub. */
class Image {
  readonly #frames: Uint8Array[] = [];
  readonly root: number;

  constructor() {
    this.root = this.frame();
  }

  /** A zeroed frame; returns its physical address. */
  frame(): number {
    this.#frames.push(new Uint8Array(PAGESIZE));
    return DRAM + STUB_BYTES + (this.#frames.length - 1) * PAGESIZE;
  }

  bytes(pa: number): Uint8Array {
    return this.#frames[(pa - DRAM - STUB_BYTES) / PAGESIZE] as Uint8Array;
  }

  /** The physical page behind `va`, mapped with `flags` on first use. */
  map(va: number, flags: number): Uint8Array {
    const [slots, at] = this.#slot(va);
    const old = slots.getBigUint64(at, true);
    const pa = old === 0n ? this.frame() : Number(old >> 10n) * PAGESIZE;
    slots.setBigUint64(at, leaf(pa, flags) | (old & 0x3ffn), true);
    return this.bytes(pa);
  }

  /** Maps `pages` writable pages from `va` to the zero memory behind the image. */
  mapZero(va: number, pages: number): void {
    for (let i = 0; i < pages; i++) this.#slot(va + i * PAGESIZE);
    const behind = DRAM + STUB_BYTES + this.#frames.length * PAGESIZE;
    for (let i = 0; i < pages; i++) {
      const [slots, at] = this.#slot(va + i * PAGESIZE);
      slots.setBigUint64(at, leaf(behind + i * PAGESIZE, PTE_R | PTE_W), true);
    }
  }

  all(): Uint8Array {
    return Buffer.concat(this.#frames);
  }

  /** Where the leaf PTE of `va` lies; tables on the way are made. */
  #slot(va: number): [table: DataView, offset: number] {
    let table = this.root;
    for (const shift of [30, 21]) table = this.#descend(table, Math.floor(va / 2 ** shift) % 512);
    return [this.#view(table), (Math.floor(va / PAGESIZE) % 512) * 8];
  }

  #view(pa: number): DataView {
    return new DataView(this.bytes(pa).buffer);
  }

  #descend(table: number, index: number): number {
    const slots = this.#view(table);
    const pte = slots.getBigUint64(index * 8, true);
    if (pte !== 0n) return Number(pte >> 10n) * PAGESIZE;
    const next = this.frame();
    this.#view(table).setBigUint64(index * 8, (BigInt(next / PAGESIZE) << 10n) | BigInt(PTE_V), true);
    return next;
  }
}

const leaf = (pa: number, flags: number): bigint => (BigInt(pa / PAGESIZE) << 10n) | BigInt(flags | PTE_V | PTE_U | PTE_AD);

/** Puts argc, argv and empty vectors on the page below the top of the stack; returns the stack pointer. */
function initialStack(page: Uint8Array, args: readonly string[]): number {
  const view = new DataView(page.buffer);
  let text = PAGESIZE / 2;
  view.setBigUint64(0, BigInt(args.length), true);
  args.forEach((arg, i) => {
    view.setBigUint64(8 + 8 * i, BigInt(STACK_TOP - PAGESIZE + text), true);
    page.set(Buffer.from(`${arg}\0`), text);
    text += arg.length + 1;
  });
  return STACK_TOP - PAGESIZE;
}

/** A bare ELF for `-machine virt` that runs the static RV64 program `elf` in U mode under Sv39. */
export function bareImage(elf: Uint8Array, args: readonly string[]): Uint8Array {
  const program = readElf(elf);
  const image = new Image();
  for (const s of program.segments) {
    const flags = (s.readable ? PTE_R : 0) | (s.writable ? PTE_R | PTE_W : 0) | (s.executable ? PTE_X : 0);
    for (let page = alignDown(s.address, PAGESIZE); page < s.address + s.size; page += PAGESIZE) {
      const to = image.map(page, flags);
      const from = Math.max(page, s.address);
      const last = Math.min(page + PAGESIZE, s.address + s.data.length);
      if (last > from) to.set(s.data.subarray(from - s.address, last - s.address), from - page);
    }
  }
  for (let i = 1; i <= STACK_PAGES; i++) image.map(STACK_TOP - i * PAGESIZE, PTE_R | PTE_W);
  const sp = initialStack(image.map(STACK_TOP - PAGESIZE, PTE_R | PTE_W), args);
  image.mapZero(HEAP, HEAP_PAGES);
  const satp = (8n << 60n) | BigInt(image.root / PAGESIZE);
  const code = assemble(stub(satp, program.entry, sp), { base: DRAM });
  const text = readElf(code.elf).segments[0]?.data ?? new Uint8Array();
  const frames = image.all();
  const bytes = new Uint8Array(STUB_BYTES + frames.length);
  bytes.set(text);
  bytes.set(frames, STUB_BYTES);
  const address = vaddr(DRAM);
  return writeElf({ entry: address, compressed: false, sections: [{ name: '.image', address, bytes, size: bytes.length, writable: true, executable: true }], symbols: [] });
}

/** The version line of qemu-system-riscv64, or undefined where it is not installed. */
export function qemuVersion(): string | undefined {
  const probe = spawnSync('qemu-system-riscv64', ['--version'], { encoding: 'utf8' });
  return probe.status === 0 ? probe.stdout.split('\n')[0] : undefined;
}

/** Milliseconds QEMU takes for the whole process running `elf`. */
export function qemuMilliseconds(elf: Uint8Array, args: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'segdev-bench-'));
  try {
    const path = join(folder, 'image.elf');
    writeFileSync(path, bareImage(elf, args));
    const start = performance.now();
    execFileSync('qemu-system-riscv64', ['-machine', 'virt', '-bios', 'none', '-m', '512M', '-display', 'none', '-serial', 'none', '-monitor', 'none', '-kernel', path], { timeout: 120_000 });
    return performance.now() - start;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
