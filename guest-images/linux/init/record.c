// SPDX-License-Identifier: MIT
#include "record.h"
#include "children.h"

enum { UART = 0x3f8, LINE_STATUS = UART + 5, HOLDING_EMPTY = 0x20, FIFO_BYTES = 16 };
// An escape needs at most four bytes for one, and the frame around the text less than 1 KiB.
enum { PIECE = 3072, LINE_MAX = 4 * PIECE + 1024 };

struct shared *shared;
static char line[LINE_MAX];
static u32 used;
static s32 have_ports;

s32 record_open(int create) {
  s32 fd = sys3(SYS_open, "/run/shared", O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
  if (fd < 0) return fd;
  if (create) sys4(SYS_truncate64, "/run/shared", 4096, 0, 0);
  sptr at = sys6(SYS_mmap2, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, (u32)fd, 0);
  sys1(SYS_close, fd);
  if (at < 0 && at > -4096) return at;
  shared = (struct shared *)at;
  have_ports = sys1(SYS_iopl, 3) == 0;
  return 0;
}

static void put(char c) {
  if (used < LINE_MAX) line[used++] = c;
}

static void put_escaped(const char *p, u32 n, int token) {
  static const char hex[] = "0123456789abcdef";
  for (u32 i = 0; i < n; i++) {
    u8 c = (u8)p[i];
    if (c == '\\') put('\\'), put('\\');
    else if (c == '\n') put('\\'), put('n');
    else if (c == '\t') put('\\'), put('t');
    else if (c == ' ' && token) put('\\'), put('s');
    else if (c < 0x20 || c > 0x7e || (c == '|' && token))
      put('\\'), put('x'), put(hex[c >> 4]), put(hex[c & 15]);
    else put((char)c);
  }
  if (n == 0 && token) put('\\'), put('e');
}

void record_begin(char type) {
  used = 0;
  put('@');
  for (const char *s = shared->nonce; *s; s++) put(*s);
  put(' ');
  put(type);
}

void record_number(s64 value) {
  char digits[24];
  u32 n = 0;
  u64 v = value < 0 ? (u64)-value : (u64)value;
  do {
    u64 q = divide(v, 10);
    digits[n++] = (char)('0' + (u32)(v - q * 10));
    v = q;
  } while (v);
  put(' ');
  if (value < 0) put('-');
  while (n) put(digits[--n]);
}

void record_token(const char *p, u32 n) {
  put(' ');
  put_escaped(p, n, 1);
}

void record_text(const char *p, u32 n) {
  put(' ');
  put('|');
  put_escaped(p, n, 0);
}

// Fletcher's sum over the line before it: a cut or mixed line is not taken for a record.
static u32 checksum(void) {
  u32 a = 0, b = 0;
  for (u32 i = 0; i < used; i++) {
    a = (a + (u8)line[i]) % 255;
    b = (b + a) % 255;
  }
  return b << 8 | a;
}

static void take_line(void) {
  u32 me = (u32)sys0(SYS_getpid);
  for (;;) {
    u32 owner = __sync_val_compare_and_swap(&shared->line_owner, 0, me);
    if (owner == 0) return;
    // A writer that was killed in the middle leaves its pid behind.
    if (sys2(SYS_kill, owner, 0) == -ESRCH &&
        __sync_bool_compare_and_swap(&shared->line_owner, owner, me))
      return;
    // Dozens of processes that only yield would keep the owner from the CPU.
    sleep_us(300);
  }
}

static void send(const char *p, u32 n) {
  if (!have_ports) {
    while (n) {
      s32 done = sys3(SYS_write, 1, p, n);
      if (done <= 0) return;
      p += done;
      n -= (u32)done;
    }
    return;
  }
  while (n) {
    u32 burst = n < FIFO_BYTES ? n : FIFO_BYTES;
    while (!(in8(LINE_STATUS) & HOLDING_EMPTY)) {
    }
    n -= burst;
    uptr count = burst;
    __asm__ volatile("rep outsb" : "+S"(p), "+c"(count) : "d"(UART) : "memory");
  }
}

void record_end(void) {
  static const char hex[] = "0123456789abcdef";
  u32 sum = checksum();
  put('^');
  for (int shift = 12; shift >= 0; shift -= 4) put(hex[sum >> shift & 15]);
  put('\n');
  take_line();
  send(line, used);
  shared->line_owner = 0;
}

void record_pieces(char type, s32 op, const char *p, u32 n) {
  while (n) {
    u32 piece = n < PIECE ? n : PIECE;
    record_begin(type);
    record_number(op);
    record_text(p, piece);
    record_end();
    p += piece;
    n -= piece;
  }
}
