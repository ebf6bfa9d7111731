#define _GNU_SOURCE
#include "nexus_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// Enough for the few calls that the child makes before it executes the program.
#define CHILD_STACK_BYTES (64 * 1024)

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/// Shared with the child, which runs in the caller's memory until it executes the program.
struct child {
    const struct nexus_spawn_request *spawn;
    pid_t parent;
    const char *step;
    int error;
};

/// The child's code is not instrumented, and enters the kernel directly: a sanitizer's run time takes what it sees here for the
/// caller's doing. So does `__clone` go past it, which sees a fork in `clone`.
#define IN_CHILD __attribute__((no_sanitize("thread", "address")))
extern int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

/// What the kernel calls a signal's action, of any size that it has: all zero is the default, with nothing blocked.
static const uint64_t default_action[8];
static const uint64_t no_signals;

IN_CHILD static int fail(struct child *child, const char *step) {
    child->error = errno;
    child->step = step;
    syscall(SYS_exit_group, 127);
    __builtin_unreachable();
}

/// Puts `spawn->standard` in place. First away from 0–2, so that none is overwritten before it has been placed.
IN_CHILD static void place_descriptors(struct child *child) {
    int moved[3];
    for (int target = 0; target < 3; target++) {
        int source = child->spawn->standard[target];
        moved[target] = source < 0 ? (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0) : source;
        if (moved[target] < 0) fail(child, "open /dev/null");
        if (moved[target] < 3) moved[target] = (int)syscall(SYS_fcntl, moved[target], F_DUPFD_CLOEXEC, 3);
        if (moved[target] < 0) fail(child, "fcntl");
    }
    for (int target = 0; target < 3; target++)
        if (syscall(SYS_dup3, moved[target], target, 0) < 0) fail(child, "dup3");
    // Marked, not closed: whatever was left open without close-on-exec ends here too. An old kernel does without.
    syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
}

IN_CHILD static int run_child(void *argument) {
    struct child *child = argument;
    const struct nexus_spawn_request *spawn = child->spawn;

    // The memory is the caller's, the table of handlers is not: no handler of the caller's may run here.
    // SIGKILL and SIGSTOP refuse.
    for (int number = 1; number <= 64; number++) syscall(SYS_rt_sigaction, number, default_action, NULL, sizeof no_signals);

    if (spawn->group == 1 && syscall(SYS_setpgid, 0, 0) < 0) fail(child, "setpgid");
    if (spawn->group == 2 && syscall(SYS_setsid) < 0) fail(child, "setsid");
    if (spawn->death_signal) {
        if (syscall(SYS_prctl, PR_SET_PDEATHSIG, spawn->death_signal, 0, 0, 0) < 0) fail(child, "prctl");
        errno = ESRCH;
        if (syscall(SYS_getppid) != child->parent) fail(child, "getppid");
    }
    if (spawn->no_new_privileges && syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) fail(child, "prctl");
    place_descriptors(child);
    // After the descriptors, which may lie above a limit on their number.
    for (size_t index = 0; index < spawn->limits_count; index++) {
        struct rlimit limit = {spawn->limits[index].value, spawn->limits[index].value};
        if (syscall(SYS_prlimit64, 0, spawn->limits[index].resource, &limit, NULL) < 0) fail(child, "setrlimit");
    }
    if (spawn->directory && syscall(SYS_chdir, spawn->directory) < 0) fail(child, "chdir");
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, NULL, sizeof no_signals);
    syscall(SYS_execve, spawn->executable, spawn->arguments, spawn->environment);
    return fail(child, "execve");
}

pid_t nexus_spawn(const struct nexus_spawn_request *spawn, int *pidfd, const char **step) {
    struct child child = {.spawn = spawn, .parent = getpid(), .step = "clone", .error = 0};
    void *stack = mmap(NULL, CHILD_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) {
        *step = "mmap";
        return -1;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
    pid_t pid = __clone(run_child, (char *)stack + CHILD_STACK_BYTES, flags, &child, pidfd);
    int error = pid < 0 ? errno : child.error;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    munmap(stack, CHILD_STACK_BYTES);
    if (pid > 0 && error == 0) return pid;
    if (pid > 0) {
        close(*pidfd);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    }
    *step = child.step;
    errno = error;
    return -1;
}

int nexus_pidfd_signal(int pidfd, int signal_number) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0);
}

int nexus_memory_file(const void *bytes, size_t count) {
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0) return -1;
    const char *next = bytes;
    while (count > 0) {
        ssize_t written = write(fd, next, count);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            int error = errno;
            close(fd);
            errno = error;
            return -1;
        }
        next += written;
        count -= (size_t)written;
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

int nexus_output_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        errno = error;
        return -1;
    }
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}

int nexus_environment_has(const void *environment, size_t count, const void *entry, size_t length) {
    const char *start = environment, *next = start, *end = start + count;
    while (next < end) {
        const char *found = memmem(next, (size_t)(end - next), entry, length);
        if (!found) return 0;
        const char *after = found + length;
        if ((found == start || found[-1] == 0) && (after == end || *after == 0)) return 1;
        next = found + 1;
    }
    return 0;
}

static int signal_pipe[2] = {-1, -1};

static void note_signal(int number) {
    int before = errno;
    unsigned char byte = (unsigned char)number;
    // A full pipe holds more signals than anyone looks at.
    ssize_t written = write(signal_pipe[1], &byte, 1);
    (void)written;
    errno = before;
}

int nexus_capture_signals(const int *signals, size_t count) {
    if (signal_pipe[0] < 0 && pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    for (size_t index = 0; index < count; index++)
        if (sigaction(signals[index], &action, NULL) < 0) return -1;
    return 0;
}

int nexus_captured_signals(void) { return fcntl(signal_pipe[0], F_DUPFD_CLOEXEC, 3); }
