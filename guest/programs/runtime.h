/*
 * The whole run-time library of the guest programs: raw Linux RV64 system calls, a start routine, and printing.
 *
 * A program includes this once and defines `int main(int argc, char **argv)`. Nothing else is linked; memcpy and its
 * three relatives are here because the compiler may call them on its own.
 */
#ifndef RUNTIME_H
#define RUNTIME_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long i64;

#define NULL ((void *)0)

/* System call numbers: asm-generic/unistd.h. */
#define SYS_ioctl 29
#define SYS_openat 56
#define SYS_close 57
#define SYS_read 63
#define SYS_write 64
#define SYS_exit_group 94
#define SYS_clock_gettime 113
#define SYS_sched_yield 124
#define SYS_rt_sigaction 134
#define SYS_rt_sigprocmask 135
#define SYS_getpid 172
#define SYS_brk 214
#define SYS_munmap 215
#define SYS_clone 220
#define SYS_mmap 222
#define SYS_mprotect 226
#define SYS_wait4 260

#define AT_FDCWD (-100)
#define O_RDONLY 0
#define O_RDWR 2
#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define PAGE 4096UL

#define SIGILL 4
#define SIGTRAP 5
#define SIGBUS 7
#define SIGSEGV 11
#define SIGCHLD 17
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define SA_SIGINFO 4

static inline i64 syscall6(i64 number, i64 a, i64 b, i64 c, i64 d, i64 e, i64 f)
{
    register i64 a0 __asm__("a0") = a;
    register i64 a1 __asm__("a1") = b;
    register i64 a2 __asm__("a2") = c;
    register i64 a3 __asm__("a3") = d;
    register i64 a4 __asm__("a4") = e;
    register i64 a5 __asm__("a5") = f;
    register i64 a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
    return a0;
}

static inline i64 syscall3(i64 number, i64 a, i64 b, i64 c)
{
    register i64 a0 __asm__("a0") = a;
    register i64 a1 __asm__("a1") = b;
    register i64 a2 __asm__("a2") = c;
    register i64 a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}

/* Each returns what the kernel returns: a result, or a negative error number. */
static inline i64 open(const char *path, int flags) { return syscall6(SYS_openat, AT_FDCWD, (i64)path, flags, 0, 0, 0); }
static inline i64 close(i64 fd) { return syscall3(SYS_close, fd, 0, 0); }
static inline i64 read(i64 fd, void *to, u64 n) { return syscall3(SYS_read, fd, (i64)to, (i64)n); }
static inline i64 write(i64 fd, const void *from, u64 n) { return syscall3(SYS_write, fd, (i64)from, (i64)n); }
static inline i64 ioctl(i64 fd, u64 command, void *argument) { return syscall3(SYS_ioctl, fd, (i64)command, (i64)argument); }
static inline i64 munmap(volatile void *at, u64 length) { return syscall3(SYS_munmap, (i64)at, (i64)length, 0); }
static inline i64 mprotect(volatile void *at, u64 length, int prot) { return syscall3(SYS_mprotect, (i64)at, (i64)length, prot); }
static inline i64 brk(u64 end) { return syscall3(SYS_brk, (i64)end, 0, 0); }
static inline i64 getpid(void) { return syscall3(SYS_getpid, 0, 0, 0); }
static inline i64 sched_yield(void) { return syscall3(SYS_sched_yield, 0, 0, 0); }
static inline int fork(void) { return (int)syscall6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0); }
static inline i64 wait4(i64 pid, int *status) { return syscall6(SYS_wait4, pid, (i64)status, 0, 0, 0, 0); }
static inline i64 mmap(void *at, u64 length, int prot, int flags, i64 fd, u64 offset)
{
    return syscall6(SYS_mmap, (i64)at, (i64)length, prot, flags, fd, (i64)offset);
}
static inline void exit(int code)
{
    for (;;)
        syscall3(SYS_exit_group, code, 0, 0);
}
/* Whether a system call's result is an error number. */
static inline int failed(i64 result) { return result < 0 && result >= -4095; }

struct siginfo {
    int signo, errno_, code, pad;
    u64 addr;
    u64 rest[13];
};
/* The signal frame's machine context begins 176 bytes into ucontext: pc, then x1 to x31. */
struct ucontext {
    u64 flags, link, stack[3], mask, unused[16];
    u64 pc;
    u64 x[32]; /* x[0] is x1 */
};
/* What rt_sigaction takes on RISC-V: there is no restorer, the kernel supplies the way back. */
struct sigaction {
    void (*handler)(int, struct siginfo *, struct ucontext *);
    u64 flags;
    u64 mask;
};
static inline i64 sigaction(int signal, void (*handler)(int, struct siginfo *, struct ucontext *))
{
    struct sigaction action = { handler, SA_SIGINFO, 0 };
    return syscall6(SYS_rt_sigaction, signal, (i64)&action, 0, 8, 0, 0);
}

/* Without this a compiler may find that memset is what memset does, and call it. */
#define PLAIN_LOOP __attribute__((optimize("no-tree-loop-distribute-patterns")))

PLAIN_LOOP void *memcpy(void *to, const void *from, u64 n)
{
    u8 *t = to;
    const u8 *f = from;
    while (n-- > 0)
        *t++ = *f++;
    return to;
}
PLAIN_LOOP void *memmove(void *to, const void *from, u64 n)
{
    u8 *t = to;
    const u8 *f = from;
    if (t <= f)
        return memcpy(to, from, n);
    while (n-- > 0)
        t[n] = f[n];
    return to;
}
PLAIN_LOOP void *memset(void *to, int byte, u64 n)
{
    u8 *t = to;
    while (n-- > 0)
        *t++ = (u8)byte;
    return to;
}
int memcmp(const void *a, const void *b, u64 n)
{
    const u8 *p = a, *q = b;
    for (; n > 0; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}
static inline u64 strlen(const char *s)
{
    u64 n = 0;
    while (s[n] != 0)
        n++;
    return n;
}
static inline int equal(const char *a, const char *b)
{
    u64 n = strlen(a);
    return strlen(b) == n && memcmp(a, b, n) == 0;
}
/* A decimal number without a sign; anything else stops it. */
static inline u64 number(const char *s)
{
    u64 n = 0;
    for (; *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (u64)(*s - '0');
    return n;
}

/* Lines are collected and written with one system call. */
static char printed[512];
static u64 printed_length;

static void print_char(char c)
{
    printed[printed_length++] = c;
    if (c == '\n' || printed_length == sizeof printed) {
        write(1, printed, printed_length);
        printed_length = 0;
    }
}
static void print_number(u64 n, u64 base, int width)
{
    char digits[32];
    int count = 0;
    do {
        digits[count++] = "0123456789abcdef"[n % base];
        n /= base;
    } while (n != 0);
    while (count < width)
        digits[count++] = '0';
    while (count > 0)
        print_char(digits[--count]);
}
/* %s, %d (64-bit, signed), %u (64-bit), %x (64-bit, with 0x) and %%. */
static void print(const char *format, ...)
{
    __builtin_va_list arguments;
    __builtin_va_start(arguments, format);
    for (; *format != 0; format++) {
        if (*format != '%') {
            print_char(*format);
            continue;
        }
        switch (*++format) {
        case 's':
            for (const char *s = __builtin_va_arg(arguments, const char *); *s != 0; s++)
                print_char(*s);
            break;
        case 'd': {
            i64 n = __builtin_va_arg(arguments, i64);
            if (n < 0)
                print_char('-');
            print_number(n < 0 ? 0 - (u64)n : (u64)n, 10, 0);
            break;
        }
        case 'u':
            print_number(__builtin_va_arg(arguments, u64), 10, 0);
            break;
        case 'x':
            print_char('0');
            print_char('x');
            print_number(__builtin_va_arg(arguments, u64), 16, 0);
            break;
        default:
            print_char(*format);
        }
    }
    __builtin_va_end(arguments);
}

int main(int argc, char **argv);

__attribute__((used)) static void start(i64 *stack)
{
    int code = main((int)stack[0], (char **)(stack + 1));
    if (printed_length > 0)
        print_char('\n');
    exit(code);
}
__asm__(".globl _start\n"
        ".type _start, @function\n"
        "_start:\n"
        ".option push\n"
        ".option norelax\n"
        "    la gp, __global_pointer$\n"
        ".option pop\n"
        "    mv a0, sp\n"
        "    andi sp, sp, -16\n"
        "    call start\n"
        "    ebreak\n"
        ".size _start, . - _start\n");

#endif
