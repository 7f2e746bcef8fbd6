#include "mapped_files.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { place_count = 128, path_limit = 1024 };

// Fixed memory: a signal handler may neither allocate nor lock.
static struct {
  atomic_int is_taken;
  // 0 while the other fields are written.
  _Atomic uintptr_t start;
  size_t length;
  char path[path_limit];
} places[place_count];

int mapped_files_add(const void *start, size_t length, const char *path) {
  for (int place = 0; place < place_count; ++place) {
    int free_place = 0;
    if (!atomic_compare_exchange_strong(&places[place].is_taken, &free_place, 1))
      continue;
    places[place].length = length;
    strncpy(places[place].path, path, path_limit - 1);
    places[place].path[path_limit - 1] = 0;
    atomic_store(&places[place].start, (uintptr_t)start);
    return place;
  }
  return -1;
}

void mapped_files_remove(int place) {
  if (place < 0 || place >= place_count)
    return;
  atomic_store(&places[place].start, 0);
  atomic_store(&places[place].is_taken, 0);
}

static void say(const char *text) {
  // Nothing can be done about a standard error that is closed.
  ssize_t written = write(STDERR_FILENO, text, strlen(text));
  (void)written;
}

// Asked for beforehand.
static int is_terminal;

// Threads that read the same file fault together, and one of them speaks.
static atomic_flag has_spoken = ATOMIC_FLAG_INIT;

static void end_process(int number, siginfo_t *info, void *context) {
  (void)context;
  uintptr_t at = (uintptr_t)info->si_addr;
  for (int place = 0; place < place_count; ++place) {
    uintptr_t start = atomic_load(&places[place].start);
    if (start == 0 || at < start || at - start >= places[place].length)
      continue;
    while (atomic_flag_test_and_set(&has_spoken))
      pause();
    // In the place of a progress bar.
    if (is_terminal)
      say("\r\033[K");
    say("Error: ");
    say(places[place].path);
    say(" was truncated while it was read; put the whole file back and run again\n");
    _exit(1);
  }
  // Something else: ends as without a handler.
  signal(number, SIG_DFL);
  raise(number);
}

void mapped_files_end_process_when_truncated(void) {
  is_terminal = isatty(STDERR_FILENO);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = end_process;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, NULL);
}
