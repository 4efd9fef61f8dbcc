import { describe, expect, it } from 'vitest';
import { EACCES, EFAULT, EINTR, ENXIO } from '../../src/base/index.js';
import { accessOf, outcome } from '../../src/process/pagefault.js';
import * as S from '../../src/process/signals.js';
import { FC_ALIGN, FC_HWERR, FC_MAKE_ERR, FC_NOMAP, FC_NOSUPPORT, FC_PROT } from '../../src/vm/index.js';

describe('what a fault code means to a program', () => {
  // illumos trap(): the table of usr/src/uts/i86pc/os/trap.c for user mode page faults.
  const table: readonly (readonly [name: string, fc: number, signal: number | undefined, code: number, errno: number])[] = [
    ['resolved', 0, undefined, 0, 0],
    ['FC_HWERR', FC_HWERR, S.SIGBUS, S.BUS_ADRERR, 0],
    ['FC_NOSUPPORT', FC_NOSUPPORT, S.SIGBUS, S.BUS_ADRERR, 0],
    ['FC_ALIGN', FC_ALIGN, S.SIGBUS, S.BUS_ADRALN, 0],
    ['FC_OBJERR ENXIO', FC_MAKE_ERR(ENXIO), S.SIGBUS, S.BUS_OBJERR, ENXIO],
    ['FC_OBJERR EFAULT', FC_MAKE_ERR(EFAULT), S.SIGBUS, S.BUS_OBJERR, EFAULT],
    ['FC_OBJERR EINTR: the instruction is tried again', FC_MAKE_ERR(EINTR), undefined, 0, 0],
    ['FC_NOMAP', FC_NOMAP, S.SIGSEGV, S.SEGV_MAPERR, 0],
    ['FC_PROT', FC_PROT, S.SIGSEGV, S.SEGV_ACCERR, 0],
    ['anything else', EACCES, S.SIGSEGV, S.SEGV_ACCERR, 0],
  ];
  it.each(table)('%s', (_name, fc, signal, code, errno) => {
    const got = outcome(fc, 0x1234n, 'store');
    if (signal === undefined) expect(got).toBeUndefined();
    else expect(got?.info).toEqual({ signal, code, errno, addr: 0x1234n });
  });

  it('knows the access behind each exception code', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 15].map(accessOf)).toEqual(
      [undefined, 'fetch', undefined, undefined, 'load', 'load', 'store', 'store', undefined, 'fetch', 'load', 'store']);
  });
});
