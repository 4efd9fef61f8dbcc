/*
 * A mapped device across fork: the parent maps the framebuffer, the child draws on the inherited mapping, the parent
 * waits for it and sees what it drew; private memory stays private.
 *
 *     forkmap [FRAMEBUFFER]        default /dev/fb0
 */
#include "../runtime.h"
#include "../devices.h"

static u64 private_word = 1;

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "/dev/fb0";
    i64 fd = open(path, O_RDWR);
    struct fb_geometry geometry;
    i64 result = failed(fd) ? fd : ioctl(fd, FBIOGEOMETRY, &geometry);
    i64 at = failed(result) ? result : mmap(NULL, geometry.fb_memory, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (failed(at)) {
        print("forkmap: %s: error %d\n", path, -at);
        return 1;
    }
    volatile u32 *words = (volatile u32 *)at;
    u64 count = geometry.fb_memory / 4;
    words[0] = 0x00112233; /* loaded before the fork; the rest is not */
    int child = fork();
    if (failed(child)) {
        print("forkmap: fork: error %d\n", (i64)-child);
        return 1;
    }
    if (child == 0) {
        if (words[0] != 0x00112233 || private_word != 1)
            exit(4);
        private_word = 2;
        for (u64 i = 0; i < count; i += 512)
            words[i] = (u32)(0x00445566 + i);
        print("child %d drew on the mapping it inherited\n", getpid());
        munmap(words, geometry.fb_memory);
        exit(7);
    }
    int status = 0;
    result = wait4(child, &status);
    if (result != child || status != 7 << 8) {
        print("forkmap: wait4 returned %d, status %x\n", result, (u64)status);
        return 1;
    }
    u64 wrong = private_word != 1;
    for (u64 i = 0; i < count; i += 512)
        wrong += words[i] != (u32)(0x00445566 + i);
    print("parent %d saw what child %d drew: %u differences\n", getpid(), (i64)child, wrong);
    return wrong == 0 ? 0 : 1;
}
