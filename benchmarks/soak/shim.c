/* Steps the clock of a process, and fills its disk, while it runs. For the soak: loaded before the
   C library (LD_PRELOAD). What to do stands in a small file that is mapped, so that whoever started
   the process can change it at any time.

   SOAK_CONTROL: that file: a double (seconds by which the clock is off), and an int (1: the disk
   is full). SOAK_DISK: what the path of a file on that disk has in it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
    volatile double step;
    volatile int full;
};

static struct control *control = NULL;
static const char *disk = NULL;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SOAK_CONTROL");
    disk = getenv("SOAK_DISK");
    if (!path || !disk) return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    void *found = mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (found != MAP_FAILED) control = found;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int (*real_clock)(clockid_t, struct timespec *) = NULL;

int clock_gettime(clockid_t id, struct timespec *at) {
    if (!real_clock) real_clock = REAL(clock_gettime);
    int result = real_clock(id, at);
    if (result == 0 && id == CLOCK_REALTIME && control && control->step != 0.0) {
        double whole = floor(control->step);
        at->tv_sec += (time_t)whole;
        at->tv_nsec += (long)((control->step - whole) * 1e9);
        if (at->tv_nsec >= 1000000000L) { at->tv_sec++; at->tv_nsec -= 1000000000L; }
    }
    return result;
}

time_t time(time_t *into) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    if (into) *into = at.tv_sec;
    return at.tv_sec;
}

int gettimeofday(struct timeval *restrict into, void *restrict zone) {
    struct timespec at;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &at);
    into->tv_sec = at.tv_sec;
    into->tv_usec = at.tv_nsec / 1000;
    return 0;
}

static int is_full(int fd) {
    if (!control || !control->full) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return strstr(path, disk) != NULL;
}

#define FULL(fd) if (is_full(fd)) { errno = ENOSPC; return -1; }

ssize_t write(int fd, const void *data, size_t size) {
    static ssize_t (*real)(int, const void *, size_t) = NULL;
    if (!real) real = REAL(write);
    FULL(fd)
    return real(fd, data, size);
}

#define WRITES(name, type)                                                   \
    ssize_t name(int fd, const void *data, size_t size, type offset) {       \
        FULL(fd)                                                             \
        return REAL(name)(fd, data, size, offset);                           \
    }

WRITES(pwrite, off_t)
WRITES(pwrite64, off64_t)
