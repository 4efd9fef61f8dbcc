/* The smallest program worth running: says hello, and who it was started as. */
#include "../runtime.h"

int main(int argc, char **argv)
{
    print("hello from a RISC-V guest, process %d\n", getpid());
    for (int i = 0; i < argc; i++)
        print("argv[%d] = %s\n", (i64)i, argv[i]);
    return 0;
}
