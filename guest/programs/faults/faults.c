/*
 * Dies in the way its argument names, to show what the machine reports about a guest that does.
 */
#include "../runtime.h"

static const u64 constant = 42;

static void null_pointer(void) { *(volatile u32 *)0 = 1; }
static void null_read(void) { (void)*(volatile u32 *)8; }
static void write_read_only(void) { *(volatile u64 *)(u64)&constant = 1; }

/* A mapping of four pages without its third. */
static void hole(void)
{
    i64 at = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap((void *)(at + 2 * PAGE), PAGE);
    for (u64 i = 0; i < 4; i++)
        *(volatile u8 *)(at + i * PAGE + 5) = 1;
}
static void no_access(void)
{
    i64 at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(volatile u8 *)at = 1;
    mprotect((void *)at, PAGE, PROT_NONE);
    (void)*(volatile u8 *)at;
}
static void illegal(void) { __asm__ volatile(".word 0xffffffff"); }
static void privileged(void) { __asm__ volatile(".option push\n.option arch, +zicsr\ncsrw satp, zero\n.option pop"); }
static void breakpoint(void) { __asm__ volatile("ebreak"); }
static void jump_to_nowhere(void) { ((void (*)(void))0x1234560UL)(); }
static void jump_to_data(void)
{
    static u32 instruction[] = { 0x00008067 }; /* ret */
    ((void (*)(void))instruction)();
}
static void non_canonical(void) { *(volatile u8 *)0x4000000000UL = 1; }
static void misaligned_atomic(void)
{
    static u64 words[2];
    __asm__ volatile("amoadd.d zero, %0, (%1)" : : "r"(1), "r"((u8 *)words + 4) : "memory");
}
static void stack_overflow(void)
{
    volatile u8 frame[1 << 16];
    frame[0] = 1;
    stack_overflow();
    frame[1] = frame[0];
}
/* Faults in its own handler for the same signal, which ends it. */
static void handler(int signal, struct siginfo *info, struct ucontext *context)
{
    (void)signal, (void)info, (void)context;
    null_pointer();
}
static void nested(void)
{
    sigaction(SIGSEGV, handler);
    null_pointer();
}
static void exit_three(void) { exit(3); }
static void forever(void)
{
    for (;;)
        __asm__ volatile("");
}

static const struct {
    const char *name;
    void (*die)(void);
    const char *what;
} ways[] = {
    { "null", null_pointer, "writes through a null pointer" },
    { "null-read", null_read, "reads a field of a null pointer" },
    { "read-only", write_read_only, "writes to a constant" },
    { "hole", hole, "touches the unmapped page of a mapping" },
    { "no-access", no_access, "reads a page protected from everything" },
    { "illegal", illegal, "executes a word that is no instruction" },
    { "privileged", privileged, "writes satp" },
    { "breakpoint", breakpoint, "executes ebreak" },
    { "jump", jump_to_nowhere, "jumps to an unmapped address" },
    { "jump-data", jump_to_data, "jumps to data" },
    { "non-canonical", non_canonical, "writes above the user half of the address space" },
    { "misaligned-atomic", misaligned_atomic, "adds atomically to a misaligned word" },
    { "stack", stack_overflow, "recurses without end" },
    { "nested", nested, "faults in its handler" },
    { "exit", exit_three, "exits with code 3" },
    { "forever", forever, "never ends" },
};

int main(int argc, char **argv)
{
    for (u64 i = 0; argc == 2 && i < sizeof ways / sizeof ways[0]; i++) {
        if (equal(argv[1], ways[i].name)) {
            print("%s: %s\n", argv[1], ways[i].what);
            ways[i].die();
            print("survived\n");
            return 1;
        }
    }
    print("usage: faults WAY, where WAY is one of\n");
    for (u64 i = 0; i < sizeof ways / sizeof ways[0]; i++)
        print("  %s: %s\n", ways[i].name, ways[i].what);
    return 2;
}
