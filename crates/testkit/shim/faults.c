/* Makes one chosen call on files below one folder fail, or ends the process there. Loaded with LD_PRELOAD into the program under
 * test and into nothing else; Linux with glibc only. C, since a library that stands in for others' functions is unsafe in any language
 * and the crates forbid that.
 *
 * TALLYSTICK_FAULT_FOLDER  the folder; calls on anything else go through uncounted
 * TALLYSTICK_FAULT_TRACE   a file to which each counted call is appended: `kind path`
 * TALLYSTICK_FAULT         `kind:number:deed`, with a `+` at its end for every later call of the kind too
 *
 * Kinds: `write` (write, pwrite, writev, pwritev, copy_file_range, sendfile), `sync` (fsync, fdatasync), `rename`, `truncate` (ftruncate,
 * fallocate), `open` (for writing), `remove` (unlink, rmdir), `folder` (mkdir), `any`, and `space`: what needs room on the disk.
 *
 * Deeds: `EIO`, `ENOSPC` without doing anything; `short` writes half and says so; `torn` writes half and ends the process; `kill` ends it
 * before the call, `killed` after it; `lost` takes the file's writes since its last sync back and says EIO; `cut` takes back those of
 * all files and ends the process, as when the power goes. What is taken back are bytes and lengths. Names that a crash might lose
 * with their folder, of new and renamed files, stay. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { WRITE, SYNC, RENAME, TRUNCATE, OPEN, REMOVE, FOLDER, KINDS };
static const char *const NAMES[KINDS] = {"write", "sync", "rename", "truncate", "open", "remove", "folder"};
enum deed { NONE, FAIL, SHORT, TORN, KILL, KILLED, LOST, CUT };

/* What a write or a change of length has replaced. */
struct undo {
    struct undo *before;
    dev_t device;
    ino_t inode;
    int fd;
    off_t at, length, old_size;
    unsigned char *old;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct undo *undos;
static int trace = -1, at_kind = -1, errno_told, all_later;
static long at_number, seen;
static enum deed deed;
static char folder[4096];
static size_t folder_length;

static void begin(void) {
    static int begun;
    if (begun) return;
    begun = 1;
    const char *in = getenv("TALLYSTICK_FAULT_FOLDER"), *to = getenv("TALLYSTICK_FAULT_TRACE"), *plan = getenv("TALLYSTICK_FAULT");
    if (!in || !realpath(in, folder)) return;
    folder_length = strlen(folder);
    if (to) trace = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char kind[16], name[16];
    if (!plan || sscanf(plan, "%15[a-z]:%ld:%15[A-Za-z+]", kind, &at_number, name) != 3) return;
    size_t end = strlen(name);
    if (end && name[end - 1] == '+') { all_later = 1; name[end - 1] = 0; }
    if (!strcmp(kind, "any")) at_kind = KINDS;
    if (!strcmp(kind, "space")) at_kind = KINDS + 1;
    for (int k = 0; k < KINDS; k++) if (!strcmp(kind, NAMES[k])) at_kind = k;
    if (!strcmp(name, "EIO")) { deed = FAIL; errno_told = EIO; }
    else if (!strcmp(name, "ENOSPC")) { deed = FAIL; errno_told = ENOSPC; }
    else if (!strcmp(name, "short")) deed = SHORT;
    else if (!strcmp(name, "torn")) deed = TORN;
    else if (!strcmp(name, "kill")) deed = KILL;
    else if (!strcmp(name, "killed")) deed = KILLED;
    else if (!strcmp(name, "lost")) deed = LOST;
    else if (!strcmp(name, "cut")) deed = CUT;
    if (deed == NONE || at_kind < 0) { static const char why[] = "fault shim: no such plan\n"; syscall(SYS_write, 2, why, sizeof why - 1); _exit(99); }
}

static void __attribute__((noreturn)) end_process(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

static int is_below(const char *path) {
    return folder_length && !strncmp(path, folder, folder_length) && (path[folder_length] == '/' || !path[folder_length]);
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, 4095);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path);
}

/* The absolute form of a path that may not exist yet. */
static int path_at(int at, const char *name, char *path) {
    if (name[0] == '/') snprintf(path, 4096, "%s", name);
    else {
        char base[4096];
        if (at == AT_FDCWD) { if (!getcwd(base, sizeof base)) return 0; }
        else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
            ssize_t length = readlink(link, base, sizeof base - 1);
            if (length <= 0) return 0;
            base[length] = 0;
        }
        if (snprintf(path, 4096, "%s/%s", base, name) >= 4096) return 0;
    }
    return is_below(path);
}

/* Counts a call, and tells what is to become of it. */
static enum deed next(enum kind kind, const char *path) {
    if (trace >= 0) {
        char said[4200];
        int length = snprintf(said, sizeof said, "%s %s\n", NAMES[kind], path + folder_length);
        syscall(SYS_write, trace, said, length);
    }
    int needs_room = kind != SYNC && kind != REMOVE;
    if (deed == NONE || !(at_kind == (int)kind || at_kind == KINDS || (at_kind == KINDS + 1 && needs_room))) return NONE;
    seen++;
    return seen == at_number || (all_later && seen > at_number) ? deed : NONE;
}

static ssize_t real_pwrite(int fd, const void *bytes, size_t count, off_t at) { return syscall(SYS_pwrite64, fd, bytes, count, at); }

/* Keeps what a write of `length` bytes at `at`, or a new length `at`, replaces. */
static void keep(int fd, off_t at, off_t length) {
    struct stat found;
    if (fstat(fd, &found) || !S_ISREG(found.st_mode)) return;
    struct undo *undo = calloc(1, sizeof *undo);
    off_t end = length < 0 ? found.st_size : (at + length < found.st_size ? at + length : found.st_size);
    if (!undo) return;
    undo->before = undos;
    undo->device = found.st_dev;
    undo->inode = found.st_ino;
    undo->at = at;
    undo->old_size = found.st_size;
    char own[64];
    snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
    undo->fd = (int)syscall(SYS_openat, AT_FDCWD, own, O_RDWR | O_CLOEXEC, 0);
    if (end > at && undo->fd >= 0 && (undo->old = malloc(end - at))) {
        undo->length = syscall(SYS_pread64, undo->fd, undo->old, end - at, at);
        if (undo->length < 0) undo->length = 0;
    }
    undos = undo;
}

static void forget(struct undo *undo) {
    if (undo->fd >= 0) syscall(SYS_close, undo->fd);
    free(undo->old);
    free(undo);
}

/* Takes the writes since the last sync back: of one file, or of all. With `to_disk` they are forgotten, as they are durable. */
static void undo(int fd, int all, int to_disk) {
    struct stat found;
    if (!all && fstat(fd, &found)) return;
    for (struct undo **place = &undos; *place;) {
        struct undo *undo = *place;
        if (!all && (undo->device != found.st_dev || undo->inode != found.st_ino)) { place = &undo->before; continue; }
        if (!to_disk && undo->fd >= 0) {
            if (undo->length > 0) real_pwrite(undo->fd, undo->old, undo->length, undo->at);
            syscall(SYS_ftruncate, undo->fd, undo->old_size);
        }
        *place = undo->before;
        forget(undo);
    }
}

/* What is done before a call. `1` if the call is not to be made. */
static int before(enum deed deed, int fd) {
    switch (deed) {
    case FAIL: errno = errno_told; return 1;
    case KILL: end_process();
    case CUT: undo(fd, 1, 0); end_process();
    case LOST: if (fd >= 0) undo(fd, 0, 0); errno = EIO; return 1;
    default: return 0;
    }
}

static ssize_t writing(int fd, const struct iovec *parts, int count, off_t at) {
    char path[4096];
    begin();
    int kept = errno;
    if (!path_of(fd, path)) {
        errno = kept;
        return at < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, (long)at, 0L);
    }
    pthread_mutex_lock(&lock);
    ssize_t done = -1;
    enum deed deed = next(WRITE, path);
    if (!before(deed, fd)) {
        size_t length = 0;
        for (int part = 0; part < count; part++) length += parts[part].iov_len;
        int appends = fcntl(fd, F_GETFL) & O_APPEND;
        off_t from = at >= 0 ? at : (appends ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR));
        if (from >= 0) keep(fd, from, (off_t)length);
        if (deed == SHORT || deed == TORN) {
            struct iovec half = parts[0];
            half.iov_len = half.iov_len > 1 ? half.iov_len / 2 : half.iov_len;
            done = at < 0 ? syscall(SYS_writev, fd, &half, 1) : syscall(SYS_pwritev, fd, &half, 1, (long)at, 0L);
        } else done = at < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, (long)at, 0L);
        if (deed == TORN || deed == KILLED) end_process();
    }
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    struct iovec part = {(void *)bytes, count};
    return writing(fd, &part, 1, -1);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    struct iovec part = {(void *)bytes, count};
    return writing(fd, &part, 1, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) { return pwrite(fd, bytes, count, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return writing(fd, parts, count, -1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return writing(fd, parts, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return writing(fd, parts, count, at); }

/* Copies inside the kernel are refused: whoever asks falls back to reading and writing. */
ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *at_to, size_t length, unsigned flags) {
    char path[4096];
    begin();
    if (path_of(to, path)) { errno = EXDEV; return -1; }
    return syscall(SYS_copy_file_range, from, at, to, at_to, length, flags);
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t length) {
    char path[4096];
    begin();
    if (path_of(to, path)) { errno = EINVAL; return -1; }
    return syscall(SYS_sendfile, to, from, at, length);
}
ssize_t sendfile(int to, int from, off_t *at, size_t length) { return sendfile64(to, from, at, length); }

static int syncing(int fd, long call) {
    char path[4096];
    begin();
    if (!path_of(fd, path)) return (int)syscall(call, fd);
    pthread_mutex_lock(&lock);
    enum deed deed = next(SYNC, path);
    int done = -1;
    if (!before(deed, fd)) {
        done = (int)syscall(call, fd);
        if (!done) undo(fd, 0, 1);
        if (deed == TORN || deed == KILLED) end_process();
    }
    pthread_mutex_unlock(&lock);
    return done;
}
int fsync(int fd) { return syncing(fd, SYS_fsync); }
int fdatasync(int fd) { return syncing(fd, SYS_fdatasync); }

static int sizing(int fd, off_t length, int mode, off_t from, int allocates) {
    char path[4096];
    begin();
    int is_ours = path_of(fd, path), done = -1;
    if (is_ours) pthread_mutex_lock(&lock);
    enum deed deed = is_ours ? next(TRUNCATE, path) : NONE;
    if (!is_ours || !before(deed, fd)) {
        if (is_ours) keep(fd, allocates ? from + length : length, -1);
        done = (int)(allocates ? syscall(SYS_fallocate, fd, mode, from, length) : syscall(SYS_ftruncate, fd, length));
        if (deed == TORN || deed == KILLED) end_process();
    }
    if (is_ours) pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate(int fd, off_t length) { return sizing(fd, length, 0, 0, 0); }
int ftruncate64(int fd, off64_t length) { return sizing(fd, length, 0, 0, 0); }
int fallocate(int fd, int mode, off_t from, off_t length) { return sizing(fd, length, mode, from, 1); }
int fallocate64(int fd, int mode, off64_t from, off64_t length) { return sizing(fd, length, mode, from, 1); }

static int opening(int at, const char *name, int flags, mode_t mode) {
    char path[4096];
    begin();
    int is_write = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    if (!is_write || !path_at(at, name, path)) return (int)syscall(SYS_openat, at, name, flags, mode);
    pthread_mutex_lock(&lock);
    enum deed deed = next(OPEN, path);
    int done = -1;
    if (!before(deed, -1)) {
        /* What a new beginning takes away is kept first. */
        if (flags & O_TRUNC) {
            int old = (int)syscall(SYS_openat, at, name, O_RDWR | O_CLOEXEC, 0);
            if (old >= 0) { keep(old, 0, -1); syscall(SYS_close, old); }
        }
        done = (int)syscall(SYS_openat, at, name, flags, mode);
        if (deed == TORN || deed == KILLED) end_process();
    }
    pthread_mutex_unlock(&lock);
    return done;
}
#define MODE_OF(flags, mode) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }
int open(const char *name, int flags, ...) { MODE_OF(flags, mode) return opening(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE_OF(flags, mode) return opening(AT_FDCWD, name, flags, mode); }
int openat(int at, const char *name, int flags, ...) { MODE_OF(flags, mode) return opening(at, name, flags, mode); }
int openat64(int at, const char *name, int flags, ...) { MODE_OF(flags, mode) return opening(at, name, flags, mode); }
int creat(const char *name, mode_t mode) { return opening(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }

#define PLAIN(kind, at, name, call) \
    char path[4096]; \
    begin(); \
    if (!path_at(at, name, path)) return (int)(call); \
    pthread_mutex_lock(&lock); \
    enum deed deed = next(kind, path); \
    int done = -1; \
    if (!before(deed, -1)) { \
        done = (int)(call); \
        if (deed == TORN || deed == KILLED) end_process(); \
    } \
    pthread_mutex_unlock(&lock); \
    return done;
int rename(const char *from, const char *to) { PLAIN(RENAME, AT_FDCWD, to, syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0)) }
int renameat(int at, const char *from, int at_to, const char *to) { PLAIN(RENAME, at_to, to, syscall(SYS_renameat2, at, from, at_to, to, 0)) }
int link(const char *from, const char *to) { PLAIN(RENAME, AT_FDCWD, to, syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0)) }
int linkat(int at, const char *from, int at_to, const char *to, int flags) { PLAIN(RENAME, at_to, to, syscall(SYS_linkat, at, from, at_to, to, flags)) }
int unlink(const char *name) { PLAIN(REMOVE, AT_FDCWD, name, syscall(SYS_unlinkat, AT_FDCWD, name, 0)) }
int unlinkat(int at, const char *name, int flags) { PLAIN(REMOVE, at, name, syscall(SYS_unlinkat, at, name, flags)) }
int rmdir(const char *name) { PLAIN(REMOVE, AT_FDCWD, name, syscall(SYS_unlinkat, AT_FDCWD, name, AT_REMOVEDIR)) }
int mkdir(const char *name, mode_t mode) { PLAIN(FOLDER, AT_FDCWD, name, syscall(SYS_mkdirat, AT_FDCWD, name, mode)) }
