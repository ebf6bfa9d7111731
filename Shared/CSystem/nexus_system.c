#define _GNU_SOURCE
#include "nexus_system.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

int nexus_epoll_control(int epoll_fd, int operation, int fd, uint32_t events, uint64_t registration) {
    struct epoll_event event = {.events = events, .data.u64 = registration};
    return epoll_ctl(epoll_fd, operation, fd, &event);
}

uint64_t nexus_epoll_registration(const struct epoll_event *event) { return event->data.u64; }

int nexus_accept(int fd) { return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

int nexus_accept_from(int fd, struct sockaddr_storage *address, socklen_t *length) {
    *length = sizeof *address;
    return accept4(fd, (struct sockaddr *)address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int nexus_stream_socket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

void nexus_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int nexus_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

static __thread void *thread_loop;

void *nexus_thread_loop(void) { return thread_loop; }
void nexus_set_thread_loop(void *loop) { thread_loop = loop; }

int nexus_die_with_parent(int signal_number) { return prctl(PR_SET_PDEATHSIG, signal_number); }
int nexus_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1); }
int nexus_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
