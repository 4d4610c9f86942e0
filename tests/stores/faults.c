/* Fails the n-th change to a chosen file, in a chosen way. For tests of durability: loaded
   before the C library (LD_PRELOAD), armed from Python through dw_arm. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NOTHING, CRASH_BEFORE, CRASH_AFTER, SHORT, FULL, BROKEN };

static long left = -1;
static int how = NOTHING;
static long seen = 0;
static char mark[256] = "";

void dw_arm(long at, int mode, const char *path) {
    left = at;
    how = mode;
    seen = 0;
    strncpy(mark, path, sizeof mark - 1);
}

long dw_seen(void) { return seen; }

static int ours(int fd) {
    char link[64], path[512];
    if (!mark[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return strstr(path, mark) != NULL;
}

static int now(int fd) {
    if (!ours(fd)) return 0;
    seen++;
    return left >= 0 && left-- == 0;
}

static void die(void) { kill(getpid(), SIGKILL); }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRITES(name, type)                                                   \
    ssize_t name(int fd, const void *data, size_t size, type offset) {       \
        if (now(fd)) {                                                       \
            if (how == CRASH_BEFORE) die();                                  \
            if (how == FULL) { errno = ENOSPC; return -1; }                  \
            if (how == BROKEN) { errno = EIO; return -1; }                   \
            if (how == SHORT) {                                              \
                REAL(name)(fd, data, size / 2, offset);                      \
                die();                                                       \
            }                                                                \
            ssize_t done = REAL(name)(fd, data, size, offset);               \
            die();                                                           \
            return done;                                                     \
        }                                                                    \
        return REAL(name)(fd, data, size, offset);                           \
    }

WRITES(pwrite, off_t)
WRITES(pwrite64, off64_t)

#define STEPS(name)                                                          \
    int name(int fd) {                                                       \
        if (now(fd)) {                                                       \
            if (how == CRASH_BEFORE || how == SHORT) die();                  \
            if (how == FULL || how == BROKEN) { errno = EIO; return -1; }    \
            REAL(name)(fd);                                                  \
            die();                                                           \
        }                                                                    \
        return REAL(name)(fd);                                               \
    }

STEPS(fsync)
STEPS(fdatasync)

#define CUTS(name, type)                                                     \
    int name(int fd, type size) {                                            \
        if (now(fd)) {                                                       \
            if (how == CRASH_BEFORE || how == SHORT) die();                  \
            if (how == FULL || how == BROKEN) { errno = EIO; return -1; }    \
            REAL(name)(fd, size);                                            \
            die();                                                           \
        }                                                                    \
        return REAL(name)(fd, size);                                         \
    }

CUTS(ftruncate, off_t)
CUTS(ftruncate64, off64_t)
