/* Preloaded to make every fsync take a millisecond more, as on a slower disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static void wait_a_millisecond(void) {
    struct timespec millisecond = {0, 1000000};
    nanosleep(&millisecond, 0);
}

int fsync(int descriptor) {
    wait_a_millisecond();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(descriptor);
}

int fdatasync(int descriptor) {
    wait_a_millisecond();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(descriptor);
}
