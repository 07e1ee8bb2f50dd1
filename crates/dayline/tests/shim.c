/* A disk that can be watched, slowed down, filled up and made to fail: loaded before the C library (LD_PRELOAD), it
 * stands between a program and the files of one folder. Everything else passes unseen.
 *
 * SHIM_FOLDER      the folder; without it nothing is done
 * SHIM_TRACE       file to which every write, truncation, sync and removal is appended, in the order they happened
 * SHIM_SYNC_MS     every sync takes so many milliseconds longer
 * SHIM_FAIL_SYNC   the n-th sync (from 1) fails with EIO
 * SHIM_FAIL_WRITE  the n-th write (from 1) fails with EIO
 * SHIM_FAIL_IN     of these two only those of files whose name contains this are counted
 * SHIM_FULL        while this file exists, writes fail with ENOSPC
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE = 2, SYNC_BEGIN = 3, SYNC_END = 4, REMOVE = 5 };

struct head {
    uint32_t kind;
    uint32_t path_length;
    uint64_t number; /* where a write goes, how long a file becomes, or which sync it is */
    uint64_t length; /* of what is written */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t syncs;
static uint64_t counted_syncs, counted_writes;

static uint64_t setting(const char *name) {
    const char *value = getenv(name);
    return value ? strtoull(value, NULL, 10) : 0;
}

/* The path within the folder, or NULL if it is none of ours. What SQLite keeps in shared memory is made anew after a
 * crash and says nothing. */
static const char *within_folder(const char *path) {
    const char *folder = getenv("SHIM_FOLDER");
    size_t prefix = folder ? strlen(folder) : 0, length = strlen(path);
    if (!folder || strncmp(path, folder, prefix) != 0 || path[prefix] != '/') return NULL;
    if (length > 4 && strcmp(path + length - 4, "-shm") == 0) return NULL;
    return path + prefix + 1;
}

static const char *path_of(int fd, char *buffer, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, buffer, size - 1);
    if (length < 0) return NULL;
    buffer[length] = 0;
    return within_folder(buffer);
}

/* Counts a call of this file; says whether it is the one that is to fail. Called with the lock held. */
static int is_to_fail(const char *path, uint64_t *counted, const char *which) {
    const char *part = getenv("SHIM_FAIL_IN");
    return (!part || strstr(path, part)) && ++*counted == setting(which);
}

/* Appends one record, whole. Called with the lock held. */
static void trace(uint32_t kind, const char *path, uint64_t number, const void *bytes, uint64_t length) {
    static int file = -1;
    const char *name = getenv("SHIM_TRACE");
    if (!name) return;
    if (file < 0) file = syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct head head = {kind, (uint32_t)strlen(path), number, length};
    size_t size = sizeof head + head.path_length + length;
    char *record = malloc(size);
    memcpy(record, &head, sizeof head);
    memcpy(record + sizeof head, path, head.path_length);
    if (length) memcpy(record + sizeof head + head.path_length, bytes, length);
    if (syscall(SYS_write, file, record, size) != (long)size) abort();
    free(record);
}

static ssize_t do_write(int fd, const void *bytes, size_t length, off64_t offset, int positioned) {
    char buffer[4096];
    int saved = errno;
    const char *path = path_of(fd, buffer, sizeof buffer);
    errno = saved;
    if (!path) {
        return positioned ? syscall(SYS_pwrite64, fd, bytes, length, offset) : syscall(SYS_write, fd, bytes, length);
    }
    pthread_mutex_lock(&lock);
    ssize_t written = -1;
    const char *full = getenv("SHIM_FULL");
    if (is_to_fail(path, &counted_writes, "SHIM_FAIL_WRITE")) {
        errno = EIO;
    } else if (full && access(full, F_OK) == 0) {
        errno = ENOSPC;
    } else {
        if (!positioned) offset = syscall(SYS_lseek, fd, (off64_t)0, SEEK_CUR);
        written = positioned ? syscall(SYS_pwrite64, fd, bytes, length, offset) : syscall(SYS_write, fd, bytes, length);
        if (written > 0) trace(WRITE, path, offset, bytes, written);
    }
    pthread_mutex_unlock(&lock);
    return written;
}

static int do_truncate(int fd, off64_t size) {
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof buffer);
    pthread_mutex_lock(&lock);
    int outcome = syscall(SYS_ftruncate, fd, size);
    if (outcome == 0 && path) trace(TRUNCATE, path, size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return outcome;
}

static int do_sync(int fd, long call) {
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof buffer);
    if (!path) return syscall(call, fd);
    pthread_mutex_lock(&lock);
    uint64_t number = ++syncs;
    int fail = is_to_fail(path, &counted_syncs, "SHIM_FAIL_SYNC");
    trace(SYNC_BEGIN, path, number, NULL, 0);
    pthread_mutex_unlock(&lock);
    uint64_t ms = setting("SHIM_SYNC_MS");
    struct timespec pause = {ms / 1000, (ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
    if (fail) {
        errno = EIO;
        return -1;
    }
    int outcome = syscall(call, fd);
    if (outcome == 0) {
        pthread_mutex_lock(&lock);
        trace(SYNC_END, path, number, NULL, 0);
        pthread_mutex_unlock(&lock);
    }
    return outcome;
}

int unlink(const char *path) {
    const char *ours = within_folder(path);
    pthread_mutex_lock(&lock);
    int outcome = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (outcome == 0 && ours) trace(REMOVE, ours, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return outcome;
}

ssize_t write(int fd, const void *bytes, size_t length) { return do_write(fd, bytes, length, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return do_write(fd, bytes, length, at, 1); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) { return do_write(fd, bytes, length, at, 1); }
int ftruncate(int fd, off_t size) { return do_truncate(fd, size); }
int ftruncate64(int fd, off64_t size) { return do_truncate(fd, size); }
int fsync(int fd) { return do_sync(fd, SYS_fsync); }
int fdatasync(int fd) { return do_sync(fd, SYS_fdatasync); }
