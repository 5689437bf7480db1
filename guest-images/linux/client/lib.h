// SPDX-License-Identifier: MIT
// What a program without a libc needs.
#ifndef LIB_H
#define LIB_H

#include "../init/sys.h"

enum {
  SYS_getppid = 64, SYS_ioperm = 101, SYS_ioctl = 54, SYS_brk = 45, SYS_rt_sigreturn = 173, SYS_dup2 = 63,
};

struct timespec64 {
  s64 seconds;
  s64 nanoseconds;
};

u32 text_length(const char *s);
int same(const char *a, const char *b);
int starts_with(const char *s, const char *with);
// Appends to a NUL-terminated text of `room` bytes; what does not fit is left out.
void append(char *to, u32 room, const char *s);
void append_number(char *to, u32 room, u32 value);
void put(int fd, const char *s);
void put_bytes(int fd, const char *bytes, u32 length);
void put_number(int fd, u32 value);
u32 number_of(const char *s, int *ok);
void nap_us(u32 us);
// Zeroed memory that is never given back; 0 when there is none.
char *take_memory(u32 bytes);
// A whole file with a NUL after it; 0 when it cannot be read. At most `most` bytes.
char *read_file(const char *path, u32 most, u32 *length);
void handle(int signal, void (*handler)(int));

#endif
