/* The floor: a server that does nothing but call send().

   floor PORT BYTES EVERY_MS: listens on 127.0.0.1:PORT (0: a free one, printed as one line),
   answers whoever connects with a minimal head, and every EVERY_MS sends BYTES bytes to all, in one
   loop, without blocking. Each frame begins with its number as 8 bytes, most significant first, so
   that who reads can tell whether one is missing. Who cannot take a frame is dropped.

   A program for measuring: no request is parsed and nobody is shut out. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n";

static int *parked;
static size_t count, room;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void admit_all(int door)
{
    char request[4096];
    int fd;
    while ((fd = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        (void)!recv(fd, request, sizeof request, 0);
        if (send(fd, HEAD, sizeof HEAD - 1, MSG_NOSIGNAL) != (ssize_t)(sizeof HEAD - 1)) {
            close(fd);
            continue;
        }
        if (count == room) {
            room = room ? room * 2 : 1024;
            parked = realloc(parked, room * sizeof *parked);
            if (!parked)
                exit(3);
        }
        parked[count++] = fd;
    }
}

static void send_all(const char *frame, size_t size)
{
    for (size_t i = 0; i < count;) {
        if (send(parked[i], frame, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size) {
            i++;
        } else {
            close(parked[i]);
            parked[i] = parked[--count];
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    size_t size = strtoul(argv[2], NULL, 10);
    int64_t every_ns = strtol(argv[3], NULL, 10) * 1000000LL;
    if (size < 8 || every_ns <= 0)
        return 2;

    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(door, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* inherited by who is accepted */
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    if (bind(door, (struct sockaddr *)&at, sizeof at) || listen(door, 4096) ||
        getsockname(door, (struct sockaddr *)&at, &length))
        return 1;
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);

    char *frame = malloc(size);
    if (!frame)
        return 3;
    memset(frame, 'x', size);
    struct pollfd watched = {.fd = door, .events = POLLIN};
    int64_t due_ns = now_ns() + every_ns;
    for (uint64_t n = 0;; n++) {
        int64_t left_ns;
        while ((left_ns = due_ns - now_ns()) > 0) {
            struct timespec wait = {left_ns / 1000000000LL, left_ns % 1000000000LL};
            if (ppoll(&watched, 1, &wait, NULL) > 0)
                admit_all(door);
        }
        for (int i = 0; i < 8; i++)
            frame[i] = (char)(n >> (56 - 8 * i));
        send_all(frame, size);
        due_ns += every_ns;
        if (due_ns < now_ns()) /* it was stopped for a while: go on from here */
            due_ns = now_ns() + every_ns;
    }
}
