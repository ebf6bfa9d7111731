/// Starting and ending processes: what `posix_spawn` cannot say (limits, privileges, a pidfd without a race) and Swift cannot do
/// (nothing may allocate between clone and exec).
#ifndef NEXUS_SPAWN_H
#define NEXUS_SPAWN_H

#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

/// A resource limit of the child, soft and hard alike.
struct nexus_limit {
    int resource;
    rlim_t value;
};

/// What to start, and as what.
struct nexus_spawn_request {
    const char *executable;
    char *const *arguments;
    char *const *environment;
    /// NULL for the caller's own.
    const char *directory;
    /// Descriptors that become 0, 1 and 2; -1 for /dev/null. The child gets no other.
    int standard[3];
    /// 0: the caller's process group, 1: its own, 2: its own session.
    int group;
    /// The signal that the child gets when the calling thread ends, or 0.
    int death_signal;
    int no_new_privileges;
    const struct nexus_limit *limits;
    size_t limits_count;
};

/// Starts a child. Its pid, with an open pidfd (close-on-exec) in `pidfd`; or -1 with `errno`, and in `step` the name of the call
/// that failed.
/// The caller is held up until the child has executed the program.
pid_t nexus_spawn(const struct nexus_spawn_request *spawn, int *pidfd, const char **step);

/// `pidfd_send_signal(2)`.
int nexus_pidfd_signal(int pidfd, int signal_number);

/// A descriptor (close-on-exec) that reads as `bytes`, from memory. -1 with `errno`.
int nexus_memory_file(const void *bytes, size_t count);

/// A pipe for a child's output, both ends close-on-exec: `reading` does not block, `writing` does. 0, or -1 with `errno`.
int nexus_output_pipe(int *reading, int *writing);

/// Whether `entry` is one of the zero-terminated strings of an environment, as `/proc/<pid>/environ` gives it.
int nexus_environment_has(const void *environment, size_t count, const void *entry, size_t length);

/// Has these signals write their number, a byte each, to a pipe of this process instead of ending it. 0, or -1 with `errno`.
int nexus_capture_signals(const int *signals, size_t count);

/// A descriptor of its own (close-on-exec, non-blocking) of that pipe's end for reading. -1 with `errno`.
int nexus_captured_signals(void);

#endif
