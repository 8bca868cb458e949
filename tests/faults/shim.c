/* Faults of the host, for tests: calls of the C library that fail when a control block says so.
 *
 * Loaded before the C library (LD_PRELOAD) into the process under test, whose code knows nothing of it: SQLite, Python and
 * native code go through it alike. The control block is a file that the test maps too (FAULTS_CONTROL); `injector.py` has
 * the other side of its layout.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, OPEN = 4, CLOSE = 8, RENAME = 16, UNLINK = 32, READ = 64, TRUNCATE = 128, MKDIR = 256,
       THREAD = 512, MEMORY = 1024, CREATE = 2048 };

struct control {
    int64_t calls;   /* which kinds of calls fail */
    int64_t error;   /* with this errno */
    int64_t skip;    /* so many pass first */
    int64_t count;   /* so many fail then, -1: all */
    int64_t room;    /* bytes that writes still get before they fail, the last one short; -1: none, they fail at once */
    int64_t hits;    /* calls that have failed */
    int64_t seen;    /* calls of these kinds on such files */
    int64_t real;    /* nanoseconds that the time of day is ahead */
    int64_t steady;  /* nanoseconds that the monotonic clock is ahead */
    char path[256];  /* files whose path has this in it; "" stands for every file */
};

static struct control none;
static volatile struct control *now = &none;

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("FAULTS_CONTROL");
    if (!name) return;
    int fd = open(name, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *at = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED) now = at;
}

static int fails_named(int64_t kind, const char *path) {
    volatile struct control *c = now;
    if (!(c->calls & kind)) return 0;
    char wanted[sizeof c->path];
    memcpy(wanted, (const char *)c->path, sizeof wanted);
    wanted[sizeof wanted - 1] = 0;
    if (wanted[0] && (!path || !strstr(path, wanted))) return 0;
    __atomic_add_fetch((int64_t *)&c->seen, 1, __ATOMIC_SEQ_CST);
    if (c->skip > 0 && __atomic_sub_fetch((int64_t *)&c->skip, 1, __ATOMIC_SEQ_CST) >= 0) return 0;
    if (c->count >= 0 && __atomic_sub_fetch((int64_t *)&c->count, 1, __ATOMIC_SEQ_CST) < 0) {
        c->count = 0;
        return 0;
    }
    __atomic_add_fetch((int64_t *)&c->hits, 1, __ATOMIC_SEQ_CST);
    errno = (int)c->error;
    return 1;
}

static int fails(int64_t kind, int fd) {
    if (!(now->calls & kind)) return 0;
    char link[64], path[1024];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    if (path[0] != '/') return 0; /* pipes, sockets */
    if (!strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6)) return 0;
    return fails_named(kind, path);
}

/* How many of n bytes are written before the disk is full; -1: the call fails. */
static ssize_t part(int fd, size_t n) {
    if (!fails(WRITE, fd)) return (ssize_t)n;
    int saved = errno;
    int64_t room = now->room;
    if (room > 0) {
        if ((int64_t)n <= room) {
            now->room = room - (int64_t)n;
            return (ssize_t)n;
        }
        now->room = 0;
        return (ssize_t)room;
    }
    errno = saved;
    return -1;
}

ssize_t write(int fd, const void *data, size_t n) {
    REAL(write);
    ssize_t some = part(fd, n);
    return some < 0 ? -1 : real(fd, data, (size_t)some);
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
    REAL(pwrite);
    ssize_t some = part(fd, n);
    return some < 0 ? -1 : real(fd, data, (size_t)some, at);
}
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
    REAL(pwrite64);
    ssize_t some = part(fd, n);
    return some < 0 ? -1 : real(fd, data, (size_t)some, at);
}
ssize_t writev(int fd, const struct iovec *v, int n) {
    REAL(writev);
    return fails(WRITE, fd) ? -1 : real(fd, v, n);
}
ssize_t read(int fd, void *data, size_t n) {
    REAL(read);
    return fails(READ, fd) ? -1 : real(fd, data, n);
}
ssize_t pread(int fd, void *data, size_t n, off_t at) {
    REAL(pread);
    return fails(READ, fd) ? -1 : real(fd, data, n, at);
}
ssize_t pread64(int fd, void *data, size_t n, off64_t at) {
    REAL(pread64);
    return fails(READ, fd) ? -1 : real(fd, data, n, at);
}
int fsync(int fd) {
    REAL(fsync);
    return fails(SYNC, fd) ? -1 : real(fd);
}
int fdatasync(int fd) {
    REAL(fdatasync);
    return fails(SYNC, fd) ? -1 : real(fd);
}
int close(int fd) {
    REAL(close);
    if (fails(CLOSE, fd)) { /* the descriptor is gone all the same, as on Linux */
        int saved = errno;
        real(fd);
        errno = saved;
        return -1;
    }
    return real(fd);
}

#define OPENS(name, head, args) \
    int name head { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list more; \
            va_start(more, flags); \
            mode = va_arg(more, mode_t); \
            va_end(more); \
        } \
        if ((flags & (O_ACCMODE | O_CREAT)) && fails_named(CREATE, path)) return -1; \
        if (fails_named(OPEN, path)) return -1; \
        return real args; \
    }
OPENS(open, (const char *path, int flags, ...), (path, flags, mode))
OPENS(open64, (const char *path, int flags, ...), (path, flags, mode))
OPENS(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode))
OPENS(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode))

int rename(const char *old, const char *new) {
    REAL(rename);
    return fails_named(RENAME, new) ? -1 : real(old, new);
}
int renameat(int a, const char *old, int b, const char *new) {
    REAL(renameat);
    return fails_named(RENAME, new) ? -1 : real(a, old, b, new);
}
int link(const char *old, const char *new) {
    REAL(link);
    return fails_named(RENAME, new) ? -1 : real(old, new);
}
int linkat(int a, const char *old, int b, const char *new, int flags) {
    REAL(linkat);
    return fails_named(RENAME, new) ? -1 : real(a, old, b, new, flags);
}
int unlink(const char *path) {
    REAL(unlink);
    return fails_named(UNLINK, path) ? -1 : real(path);
}
int unlinkat(int at, const char *path, int flags) {
    REAL(unlinkat);
    return fails_named(UNLINK, path) ? -1 : real(at, path, flags);
}
int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    return fails_named(MKDIR, path) ? -1 : real(path, mode);
}
int ftruncate(int fd, off_t n) {
    REAL(ftruncate);
    return fails(TRUNCATE, fd) ? -1 : real(fd, n);
}
int ftruncate64(int fd, off64_t n) {
    REAL(ftruncate64);
    return fails(TRUNCATE, fd) ? -1 : real(fd, n);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    REAL(pthread_create);
    if (fails_named(THREAD, NULL)) return EAGAIN;
    return real(thread, attributes, body, argument);
}

/* Large pieces of memory of its own, such as a machine's storage. */
void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset) {
    REAL(mmap);
    if (n >= 1 << 18 && fd < 0 && fails_named(MEMORY, NULL)) return MAP_FAILED;
    return real(at, n, protection, flags, fd, offset);
}
void *mmap64(void *at, size_t n, int protection, int flags, int fd, off64_t offset) {
    REAL(mmap64);
    if (n >= 1 << 18 && fd < 0 && fails_named(MEMORY, NULL)) return MAP_FAILED;
    return real(at, n, protection, flags, fd, offset);
}

static void ahead(struct timespec *t, int64_t by) {
    if (!by) return;
    int64_t ns = (int64_t)t->tv_sec * 1000000000 + t->tv_nsec + by;
    t->tv_sec = ns / 1000000000;
    t->tv_nsec = ns % 1000000000;
}
int clock_gettime(clockid_t id, struct timespec *t) {
    REAL(clock_gettime);
    int code = real(id, t);
    if (!code && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) ahead(t, now->real);
    if (!code && id == CLOCK_MONOTONIC) ahead(t, now->steady);
    return code;
}

/* Who waits until a time has asked one of the clocks above for it; the kernel knows only its own. */
static struct timespec kernels(clockid_t id, const struct timespec *until) {
    struct timespec t = *until;
    ahead(&t, id == CLOCK_MONOTONIC ? -now->steady : id == CLOCK_REALTIME ? -now->real : 0);
    return t;
}
int sem_clockwait(sem_t *sem, clockid_t id, const struct timespec *until) {
    REAL(sem_clockwait);
    struct timespec t = kernels(id, until);
    return real(sem, id, &t);
}
int sem_timedwait(sem_t *sem, const struct timespec *until) {
    REAL(sem_timedwait);
    struct timespec t = kernels(CLOCK_REALTIME, until);
    return real(sem, &t);
}
int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t id, const struct timespec *until) {
    REAL(pthread_cond_clockwait);
    struct timespec t = kernels(id, until);
    return real(cond, mutex, id, &t);
}
/* Python's conditions go by the monotonic clock. */
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until) {
    REAL(pthread_cond_timedwait);
    struct timespec t = kernels(CLOCK_MONOTONIC, until);
    return real(cond, mutex, &t);
}
int gettimeofday(struct timeval *t, void *zone) {
    struct timespec s;
    (void)zone;
    int code = clock_gettime(CLOCK_REALTIME, &s);
    t->tv_sec = s.tv_sec;
    t->tv_usec = s.tv_nsec / 1000;
    return code;
}
time_t time(time_t *t) {
    struct timespec s;
    clock_gettime(CLOCK_REALTIME, &s);
    if (t) *t = s.tv_sec;
    return s.tv_sec;
}
