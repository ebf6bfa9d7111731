/// What Linux has and the Swift Glibc module does not import: epoll, eventfd, pidfd, prctl, a thread-local pointer.
#ifndef NEXUS_SYSTEM_H
#define NEXUS_SYSTEM_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>

/// `EPOLL_CTL_ADD`/`MOD` of `fd` with `events` and a 64-bit registration id. 0, or -1 with `errno`.
int nexus_epoll_control(int epoll_fd, int operation, int fd, uint32_t events, uint64_t registration);

/// The registration id of an event (`epoll_data` is a union, which Swift does not see).
uint64_t nexus_epoll_registration(const struct epoll_event *event);

/// `accept4` with `SOCK_NONBLOCK | SOCK_CLOEXEC`, without the peer's address.
int nexus_accept(int fd);

/// `accept4` with `SOCK_NONBLOCK | SOCK_CLOEXEC`; `address` gets the peer's address.
int nexus_accept_from(int fd, struct sockaddr_storage *address, socklen_t *length);

/// A stream socket of `family` with `SOCK_NONBLOCK | SOCK_CLOEXEC`. -1 with `errno` when there is none to be had.
int nexus_stream_socket(int family);

/// `pthread_setname_np` of the calling thread; at most 15 bytes count.
void nexus_name_thread(const char *name);

/// `pidfd_open(2)` with `PIDFD_NONBLOCK` left out: a descriptor that is readable once the process has ended.
int nexus_pidfd_open(pid_t pid);

/// The event loop that runs on this thread, or NULL.
void *nexus_thread_loop(void);
void nexus_set_thread_loop(void *loop);

/// `prctl(PR_SET_PDEATHSIG)`: this process gets `signal_number` when its parent dies.
int nexus_die_with_parent(int signal_number);

/// `prctl(PR_SET_CHILD_SUBREAPER)`: orphaned descendants become this process's children.
int nexus_become_subreaper(void);

/// `prctl(PR_SET_NO_NEW_PRIVS)`: this process and its children gain no privilege by executing a program.
int nexus_no_new_privileges(void);

#endif
