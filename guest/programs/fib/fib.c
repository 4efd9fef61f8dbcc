/* Integer benchmark: calls and returns. Fibonacci number N (default 32) by the doubly recursive definition; fib(32) = 2178309. */
#include "../runtime.h"

static __attribute__((noinline, noclone)) u64 fib(u64 n)
{
    __asm__ volatile(""); /* keeps the compiler from flattening the recursion */
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(int argc, char **argv)
{
    u64 n = argc > 1 ? number(argv[1]) : 32;
    print("fib: fib(%u) = %u\n", n, fib(n));
    return 0;
}
