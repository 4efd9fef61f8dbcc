/** Constants a guest passes to system calls, beside errors and signals (linux-abi.ts). Source: Linux `include/uapi/asm-generic`. */

// fcntl.h
export const O_ACCMODE = 3;
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_DIRECT = 0o40000;
export const O_LARGEFILE = 0o100000;
export const O_DIRECTORY = 0o200000;
export const O_NOFOLLOW = 0o400000;
export const O_NOATIME = 0o1000000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;
export const O_TMPFILE_BIT = 0o20000000;
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_EACCESS = 0x200;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_NO_AUTOMOUNT = 0x800;
export const AT_EMPTY_PATH = 0x1000;
/** Bits of statx(2) that say how fresh the answer must be. */
export const AT_STATX_SYNC_TYPE = 0x6000;

// mman.h
export const LX_PROT_MASK = 7;
export const LX_MAP_SHARED = 1;
export const LX_MAP_PRIVATE = 2;
export const LX_MAP_SHARED_VALIDATE = 3;
export const LX_MAP_TYPE = 0xf;
export const LX_MAP_FIXED = 0x10;
export const LX_MAP_ANONYMOUS = 0x20;
export const LX_MAP_NORESERVE = 0x4000;
export const LX_MAP_FIXED_NOREPLACE = 0x100000;

export const LX_MREMAP_MAYMOVE = 1;
export const LX_MREMAP_FIXED = 2;

export const LX_MS_ALL = 7;
export const LX_MADV_NORMAL = 0;
export const LX_MADV_RANDOM = 1;
export const LX_MADV_SEQUENTIAL = 2;
export const LX_MADV_WILLNEED = 3;
export const LX_MADV_DONTNEED = 4;
export const LX_MADV_FREE = 8;
export const LX_MADV_HUGEPAGE = 14;
export const LX_MADV_NOHUGEPAGE = 15;
export const LX_MADV_DONTDUMP = 16;
export const LX_MADV_DODUMP = 17;
export const LX_MADV_WIPEONFORK = 18;
export const LX_MADV_COLD = 20;
export const LX_MADV_PAGEOUT = 21;
export const MCL_CURRENT = 1;
export const MCL_FUTURE = 2;
export const MCL_ONFAULT = 4;

// sched.h
export const CSIGNAL = 0xff;
export const CLONE_VM = 0x100;
export const CLONE_FS = 0x200;
export const CLONE_FILES = 0x400;
export const CLONE_SIGHAND = 0x800;
export const CLONE_VFORK = 0x4000;
export const CLONE_THREAD = 0x10000;
export const CLONE_SYSVSEM = 0x40000;
export const CLONE_SETTLS = 0x80000;
export const CLONE_PARENT_SETTID = 0x100000;
export const CLONE_CHILD_CLEARTID = 0x200000;
export const CLONE_DETACHED = 0x400000;
export const CLONE_UNTRACED = 0x800000;
export const CLONE_CHILD_SETTID = 0x1000000;
export const CLONE_IO = 0x8000_0000;

// wait.h
export const WNOHANG = 1;
export const WUNTRACED = 2;
/** Of waitid(2), which calls WUNTRACED by this name too. */
export const WSTOPPED = 2;
export const WEXITED = 4;
export const WCONTINUED = 8;
export const WNOWAIT = 0x100_0000;

// signal.h
export const SIG_BLOCK = 0;
export const SIG_UNBLOCK = 1;
export const SIG_SETMASK = 2;
export const SS_ONSTACK = 1;
export const SS_DISABLE = 2;
/** Smallest alternate stack sigaltstack(2) accepts, bytes. */
export const MINSIGSTKSZ = 2048;
/** si_code of an expired timer of timer_create(2). */
export const SI_TIMER = -2;
/** si_code of a signal sent with tgkill(2). */
export const SI_TKILL = -6;

// time.h
export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_PROCESS_CPUTIME_ID = 2;
export const CLOCK_THREAD_CPUTIME_ID = 3;
export const CLOCK_MONOTONIC_RAW = 4;
export const CLOCK_REALTIME_COARSE = 5;
export const CLOCK_MONOTONIC_COARSE = 6;
export const CLOCK_BOOTTIME = 7;
export const TIMER_ABSTIME = 1;

// auxvec.h
export const AT_NULL = 0;
export const AT_PHDR = 3;
export const AT_PHENT = 4;
export const AT_PHNUM = 5;
export const AT_PAGESZ = 6;
export const AT_BASE = 7;
export const AT_FLAGS = 8;
export const AT_ENTRY = 9;
export const AT_UID = 11;
export const AT_EUID = 12;
export const AT_GID = 13;
export const AT_EGID = 14;
export const AT_HWCAP = 16;
export const AT_CLKTCK = 17;
export const AT_SECURE = 23;
export const AT_RANDOM = 25;
export const AT_EXECFN = 31;
export const AT_MINSIGSTKSZ = 51;
/** AT_HWCAP: one bit a letter, 'A' is bit 0. This machine has I, M, A, F, D and C. */
export const HWCAP_IMAFDC: number = ['I', 'M', 'A', 'F', 'D', 'C'].reduce((bits, letter) => bits | (1 << (letter.charCodeAt(0) - 65)), 0);
