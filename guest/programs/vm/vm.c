/*
 * Dispatch benchmark: an interpreter of a stack machine (a loop around a switch) runs a program that counts the steps of the Collatz
 * sequences of 1 to N - 1 (default 20000). The same count is made in C.
 */
#include "../runtime.h"

enum { PUSH, LOAD, STORE, ADD, MUL, DIV, MOD, LESS, JUMP, JUMP0, HALT };
enum { I, X, STEPS, N };
enum { OUTER = 4, INNER = 15, EVEN = 41, COUNT = 48, NEXT = 57, END = 66 };

/* for (i = 1; i < n; i++) for (x = i; 1 < x; steps++) x = x % 2 ? 3 * x + 1 : x / 2; */
static const i64 program[] = {
    /*  0 */ PUSH, 1, STORE, I,
    /*  4 */ LOAD, I, LOAD, N, LESS, JUMP0, END,
    /* 11 */ LOAD, I, STORE, X,
    /* 15 */ PUSH, 1, LOAD, X, LESS, JUMP0, NEXT,
    /* 22 */ LOAD, X, PUSH, 2, MOD, JUMP0, EVEN,
    /* 29 */ LOAD, X, PUSH, 3, MUL, PUSH, 1, ADD, STORE, X, JUMP, COUNT,
    /* 41 */ LOAD, X, PUSH, 2, DIV, STORE, X,
    /* 48 */ LOAD, STEPS, PUSH, 1, ADD, STORE, STEPS, JUMP, INNER,
    /* 57 */ LOAD, I, PUSH, 1, ADD, STORE, I, JUMP, OUTER,
    /* 66 */ HALT,
};

static u64 run(const i64 *code, i64 *variables)
{
    i64 stack[16];
    i64 *sp = stack;
    u64 executed = 0;
    for (const i64 *pc = code;; executed++)
        switch (*pc++) {
        case PUSH: *sp++ = *pc++; break;
        case LOAD: *sp++ = variables[*pc++]; break;
        case STORE: variables[*pc++] = *--sp; break;
        case ADD: sp--; sp[-1] += *sp; break;
        case MUL: sp--; sp[-1] *= *sp; break;
        case DIV: sp--; sp[-1] /= *sp; break;
        case MOD: sp--; sp[-1] %= *sp; break;
        case LESS: sp--; sp[-1] = sp[-1] < *sp; break;
        case JUMP: pc = code + *pc; break;
        case JUMP0: pc = *--sp ? pc + 1 : code + *pc; break;
        case HALT: return executed;
        }
}

int main(int argc, char **argv)
{
    i64 n = argc > 1 ? (i64)number(argv[1]) : 20000;
    i64 variables[4] = { 0, 0, 0, n };
    u64 executed = run(program, variables);
    i64 steps = 0;
    for (i64 i = 1; i < n; i++)
        for (i64 x = i; x > 1; steps++)
            x = x % 2 ? 3 * x + 1 : x / 2;
    print("vm: %u instructions, %u steps, %s\n", executed, variables[STEPS], variables[STEPS] == steps ? "as in C" : "not as in C");
    return variables[STEPS] != steps;
}
