// Which files are mapped where, so that a program whose file is cut short while it is read can say which.
#ifndef MAPPED_FILES_H
#define MAPPED_FILES_H

#include <stddef.h>

// Notes a mapping. Gives its place in the table, or -1 when the table is full: the file's name is then not known to the
// handler.
int mapped_files_add(const void *start, size_t length, const char *path);

// Forgets a mapping, before it is unmapped.
void mapped_files_remove(int place);

// From now on a process that reads beyond the end of a noted file, which has been cut short, ends with one sentence on
// standard error and exit code 1. For programs: a library has no business with its host's signals.
void mapped_files_end_process_when_truncated(void);

#endif
