// SPDX-License-Identifier: MIT
#include "lib.h"

u32 text_length(const char *s) {
  u32 n = 0;
  while (s[n]) n++;
  return n;
}

int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

int starts_with(const char *s, const char *with) {
  while (*with)
    if (*s++ != *with++) return 0;
  return 1;
}

void append(char *to, u32 room, const char *s) {
  u32 n = text_length(to);
  while (*s && n + 1 < room) to[n++] = *s++;
  to[n] = 0;
}

static char *digits(u32 value, char *end) {
  *--end = 0;
  do *--end = '0' + value % 10;
  while (value /= 10);
  return end;
}

void append_number(char *to, u32 room, u32 value) {
  char text[12];
  append(to, room, digits(value, text + sizeof text));
}

void put_bytes(int fd, const char *bytes, u32 length) {
  while (length > 0) {
    s32 n = sys3(SYS_write, fd, bytes, length);
    if (n == -EINTR) continue;
    if (n <= 0) return;
    bytes += n;
    length -= (u32)n;
  }
}

void put(int fd, const char *s) { put_bytes(fd, s, text_length(s)); }

void put_number(int fd, u32 value) {
  char text[12];
  put(fd, digits(value, text + sizeof text));
}

u32 number_of(const char *s, int *ok) {
  u32 value = 0;
  *ok = *s != 0;
  for (; *s; s++) {
    if (*s < '0' || *s > '9' || value > 100000000) *ok = 0;
    else value = value * 10 + (u32)(*s - '0');
  }
  return value;
}

void nap_us(u32 us) {
  struct timespec64 nap = {us / 1000000, (s64)(us % 1000000) * 1000};
  sys4(SYS_clock_nanosleep64, CLOCK_MONOTONIC, 0, &nap, 0);
}

char *take_memory(u32 bytes) {
  s32 at = sys6(SYS_mmap2, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, (u32)-1, 0);
  return at < 0 && at > -4096 ? 0 : (char *)at;
}

char *read_file(const char *path, u32 most, u32 *length) {
  s32 fd = sys3(SYS_open, path, O_RDONLY | O_CLOEXEC, 0);
  char *bytes = fd < 0 ? 0 : take_memory(most + 1);
  u32 n = 0;
  while (bytes && n < most) {
    s32 got = sys3(SYS_read, fd, bytes + n, most - n);
    if (got == -EINTR) continue;
    if (got < 0) bytes = 0;
    if (got <= 0) break;
    n += (u32)got;
  }
  if (fd >= 0) sys1(SYS_close, fd);
  if (length) *length = n;
  return bytes;
}

__attribute__((naked)) static void restore(void) { __asm__ volatile("mov %0, %%eax\n\tint $0x80" ::"i"(SYS_rt_sigreturn)); }

void handle(int signal, void (*handler)(int)) {
  struct {
    void (*handler)(int);
    u32 flags;
    void (*restorer)(void);
    u32 mask[2];
  } action = {handler, 0x04000000 /* SA_RESTORER */, restore, {0, 0}};
  sys4(SYS_rt_sigaction, signal, &action, 0, 8);
}
