/** Programs for Linux processes that write bytes to standard output, and qemu-riscv64 to run them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble } from '../../guest/index.js';
import { toolVersion, whereInstalled } from '../tools.js';

/** An ELF executable that runs `source` from _start. */
export function linuxElf(source: string): Uint8Array {
  return assemble(source).elf;
}

/** Assembly that writes `length` bytes at `label` to standard output, however few a call takes, and exits with 0. */
export const writeAndExit = (label: string, length: string): string => `
        la   s3, ${label}
        li   s4, ${length}
1:      li   a0, 1
        mv   a1, s3
        mv   a2, s4
        li   a7, 64
        ecall
        add  s3, s3, a0
        sub  s4, s4, a0
        bgtz s4, 1b
        li   a0, 0
        li   a7, 93
        ecall
`;

/** What a program writes under qemu-riscv64. */
export function runUnderQemu(elf: Uint8Array): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'segdev-qemu-'));
  try {
    const path = join(directory, 'program');
    writeFileSync(path, elf, { mode: 0o755 });
    const { status, stdout, stderr, signal, error } = spawnSync('qemu-riscv64', [path], { maxBuffer: 2 ** 30, timeout: 120_000 });
    if (status !== 0) throw new Error(`qemu-riscv64: ${error?.message ?? signal ?? status} ${stderr.toString()}`);
    return stdout;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Declares tests that compare with qemu-riscv64: where it is installed and SEGDEV_QEMU_USER is set. */
export function underQemuUser(what: string, declare: () => void): void {
  if (process.env['SEGDEV_QEMU_USER'] === undefined) whereInstalled(false, `${what}: set SEGDEV_QEMU_USER=1`, declare);
  else whereInstalled(toolVersion('qemu-riscv64') !== undefined, `${what}: qemu-riscv64 is not installed`, declare);
}
