// Lets the Nth call about certain paths fail, or kills the process in its place: for Scripts/try-failures, by LD_PRELOAD.
//
// FAIL_ABOUT is a part of the paths that are meant, FAIL_FOLDER the end of another; FAIL_LOG gets a line for each such call; FAIL_AT is
// the number of the one that fails, FAIL_WITH its error or KILL. Unlike strace this counts the calls of all threads together.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int calls;

// Whether this call fails; sets errno.
static int fails(const char* name, const char* path) {
  const char *about = getenv("FAIL_ABOUT"), *folder = getenv("FAIL_FOLDER"), *log = getenv("FAIL_LOG");
  if (!about || !path) return 0;
  size_t length = strlen(path), end = folder ? strlen(folder) : 0;
  int is_folder = end && length >= end && strcmp(path + length - end, folder) == 0;
  if (!strstr(path, about) && !is_folder) return 0;
  int number = atomic_fetch_add(&calls, 1) + 1;
  if (log) {
    char line[PATH_MAX + 64];
    int count = snprintf(line, sizeof line, "%d %s %s\n", number, name, path);
    int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file >= 0) {
      syscall(SYS_write, file, line, count);
      syscall(SYS_close, file);
    }
  }
  const char *at = getenv("FAIL_AT"), *with = getenv("FAIL_WITH");
  if (!at || !with || atoi(at) != number) return 0;
  if (strcmp(with, "KILL") == 0) kill(getpid(), SIGKILL);
  errno = strcmp(with, "ENOSPC") == 0 ? ENOSPC : strcmp(with, "EINTR") == 0 ? EINTR : EIO;
  return 1;
}

static int fails_at(const char* name, int folder, const char* path) {
  if (!path || path[0] == '/' || folder == AT_FDCWD) return fails(name, path);
  char link[64], whole[2 * PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t length = readlink(link, whole, PATH_MAX - 1);
  if (length < 0) return 0;
  snprintf(whole + length, PATH_MAX, "/%s", path);
  return fails(name, whole);
}

static int fails_of(const char* name, int file) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return fails(name, path);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MODE                              \
  mode_t mode = 0;                        \
  if (flags & (O_CREAT | __O_TMPFILE)) {  \
    va_list list;                         \
    va_start(list, flags);                \
    mode = va_arg(list, mode_t);          \
    va_end(list);                         \
  }

int open(const char* path, int flags, ...) {
  MODE return fails("open", path) ? -1 : NEXT(open)(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  MODE return fails("open", path) ? -1 : NEXT(open64)(path, flags, mode);
}
int openat(int folder, const char* path, int flags, ...) {
  MODE return fails_at("openat", folder, path) ? -1 : NEXT(openat)(folder, path, flags, mode);
}
ssize_t write(int file, const void* bytes, size_t count) {
  return fails_of("write", file) ? -1 : NEXT(write)(file, bytes, count);
}
ssize_t pwrite(int file, const void* bytes, size_t count, off_t at) {
  return fails_of("pwrite", file) ? -1 : NEXT(pwrite)(file, bytes, count, at);
}
ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t at) {
  return fails_of("pwrite", file) ? -1 : NEXT(pwrite64)(file, bytes, count, at);
}
ssize_t pread(int file, void* bytes, size_t count, off_t at) {
  return fails_of("pread", file) ? -1 : NEXT(pread)(file, bytes, count, at);
}
int fsync(int file) { return fails_of("fsync", file) ? -1 : NEXT(fsync)(file); }
int flock(int file, int operation);
int flock(int file, int operation) { return fails_of("flock", file) ? -1 : NEXT(flock)(file, operation); }
int ftruncate(int file, off_t length) { return fails_of("ftruncate", file) ? -1 : NEXT(ftruncate)(file, length); }
int rename(const char* from, const char* to) { return fails("rename", from) ? -1 : NEXT(rename)(from, to); }
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  return fails_at("renameat2", from_folder, from) ? -1 : NEXT(renameat2)(from_folder, from, to_folder, to, flags);
}
int link(const char* from, const char* to) { return fails("link", to) ? -1 : NEXT(link)(from, to); }
int mkdir(const char* path, mode_t mode) { return fails("mkdir", path) ? -1 : NEXT(mkdir)(path, mode); }
int unlink(const char* path) { return fails("unlink", path) ? -1 : NEXT(unlink)(path); }
int unlinkat(int folder, const char* path, int flags) {
  return fails_at("unlinkat", folder, path) ? -1 : NEXT(unlinkat)(folder, path, flags);
}
int rmdir(const char* path) { return fails("rmdir", path) ? -1 : NEXT(rmdir)(path); }
