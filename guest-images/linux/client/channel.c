// SPDX-License-Identifier: MIT
#include "channel.h"
#include "applets.h"
#include "lib.h"

enum {
  GATE = 0x5e0, GATE_MAGIC = 0x55444f4d, WINDOWS = 0x6000, WINDOWS_END = 0xa000,
  DATA = 0, STATE = 4, POLL = 8, CLOSE = 12,
  IS_OPEN = 1, WAITING = 2, READY = 3,
  MOST_TRIES = 5, FIRST_NAP_US = 500, LONGEST_NAP_US = 20000,
  HEADER_WORDS = 8, MOST_SUBJECT = 4096, MOST_TEXT = 16384,
};

static u32 words[HEADER_WORDS + (MOST_SUBJECT + MOST_TEXT) / 4 + 1];

// The window this process holds, for the signal handler; 0: none.
static volatile u32 held;

static inline void out32(u16 port, u32 v) { __asm__ volatile("outl %0, %1" ::"a"(v), "Nd"(port)); }
static inline u32 in32(u16 port) {
  u32 v;
  __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
  return v;
}

static u32 stamp(void) {
  struct timespec64 now;
  sys2(SYS_clock_gettime64, CLOCK_MONOTONIC, &now);
  // Seconds modulo 2^32 microseconds: only the lower half of the product matters.
  return (u32)now.seconds * 1000000u + (u32)now.nanoseconds / 1000u;
}

static void close_window(u32 window, u32 signal) {
  held = 0;
  out32((window & 0xffff) + CLOSE, (window & 0xffff0000) | signal);
}

static void on_signal(int signal) {
  u32 window = held;
  if (window) close_window(window, (u32)signal);
  sys1(SYS_exit, 128 + signal);
}

const char *channel_start(void) {
  if (sys3(SYS_ioperm, GATE, 8, 1) < 0 || sys3(SYS_ioperm, WINDOWS, WINDOWS_END - WINDOWS, 1) < 0)
    return "not permitted to reach the module port";
  if (in32(GATE + 4) != GATE_MAGIC) return "this machine has no module port";
  static const int caught[] = {1, 2, 3, 13, 15};
  for (u32 i = 0; i < sizeof caught / sizeof caught[0]; i++) handle(caught[i], on_signal);
  return 0;
}

static u32 open_window(void) {
  u32 nap = FIRST_NAP_US;
  for (;;) {
    u32 window = in32(GATE);
    if (window) return window;
    nap_us(nap);
    if (nap < LONGEST_NAP_US) nap *= 2;
  }
}

static u32 length_of(const char *s, u32 most) {
  u32 n = text_length(s);
  return n > most ? most : n;
}

// Sends and waits. 1: answered; 0: the window was disturbed.
static int try_call(u32 window, u32 count, struct answer *to) {
  u16 port = window & 0xffff;
  u32 mask = (window >> 16) * 0x9e3779b1u;
  u32 sum = mask;
  const u8 *bytes = (const u8 *)(words + 2);
  words[4] = stamp();
  for (u32 i = 0; i < (count - 2) * 4; i++) sum = (sum ^ bytes[i]) * 0x01000193u;
  words[1] = sum;
  for (u32 i = 0; i < count; i++) out32(port + DATA, words[i]);
  u32 nap = FIRST_NAP_US;
  for (;;) {
    u32 state = in32(port + STATE);
    if (state == READY) break;
    if (state != WAITING) return 0;
    u32 now = stamp();
    out32(port + POLL, now);
    out32(port + POLL, now ^ mask);
    if (in32(port + STATE) == READY) break;
    nap_us(nap);
    if (nap < LONGEST_NAP_US) nap += nap / 4;
  }
  to->value = (s32)in32(port + DATA);
  to->length = in32(port + DATA);
  to->bytes = take_memory(to->length + 4);
  if (!to->bytes) return 0;
  u32 *into = (u32 *)to->bytes;
  for (u32 i = 0; i < (to->length + 3) / 4; i++) into[i] = in32(port + DATA);
  to->bytes[to->length] = 0;
  return 1;
}

// All is ready to be sent: what is left takes each process the same short time.
static void wait_at_gate(void) {
  char byte;
  for (char **one = environment; *one; one++)
    if (same(*one, GATE_VARIABLE))
      while (sys3(SYS_read, GATE_FD, &byte, 1) == -EINTR) continue;
}

int channel_call(u32 operation, u32 flags, const char *subject, const char *text, struct answer *to) {
  u32 subject_length = length_of(subject, MOST_SUBJECT);
  u32 text_bytes = length_of(text, MOST_TEXT);
  u32 strings = (subject_length + text_bytes + 3) & ~3u;
  u32 count = HEADER_WORDS + strings / 4;
  for (int tries = 0; tries < MOST_TRIES; tries++) {
    for (u32 i = 0; i < count; i++) words[i] = 0;
    words[0] = count * 4 - 8;
    words[2] = operation;
    words[3] = flags;
    words[5] = (u32)sys0(SYS_getpid);
    words[6] = subject_length;
    words[7] = text_bytes;
    char *at = (char *)(words + HEADER_WORDS);
    for (u32 i = 0; i < subject_length; i++) at[i] = subject[i];
    for (u32 i = 0; i < text_bytes; i++) at[subject_length + i] = text[i];
    wait_at_gate();
    u32 window = open_window();
    held = window;
    int answered = try_call(window, count, to);
    close_window(window, 0);
    if (answered) return 0;
  }
  return -5;
}
