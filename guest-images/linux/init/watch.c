// SPDX-License-Identifier: MIT
#include "watch.h"
#include "record.h"

static s32 kmsg = -1, pipe_fd = -1;
static char piece[32768];

s32 write_file(const char *path, const char *p, u32 n, s32 flags) {
  s32 fd = sys3(SYS_open, path, O_WRONLY | O_CLOEXEC | flags, 0644);
  if (fd < 0) return fd;
  s32 ret = sys3(SYS_write, fd, p, n);
  sys1(SYS_close, fd);
  return ret;
}

void kmsg_open(int from_now) {
  if (kmsg >= 0) sys1(SYS_close, kmsg);
  kmsg = sys2(SYS_open, "/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (kmsg >= 0 && from_now) sys3(SYS_lseek, kmsg, 0, SEEK_END);
}

// One record reads "prio,seq,usec,flags,caller=T1;text\n KEY=value\n".
static void kmsg_record(const char *p, u32 n, struct kmsg_range *range, int emit) {
  const char *at = p, *end = p + n, *caller, *text;
  u32 prio = (u32)parse_decimal(at, &at);
  u64 seq = parse_decimal(at + 1, &at);
  u64 time = parse_decimal(at + 1, &at);
  while (at < end && *at != ';' && !starts_with(at, ",caller=")) at++;
  caller = at;
  if (*at == ',') caller = at += 8;
  while (at < end && *at != ';') at++;
  text = at + 1;
  if (range->first < 0) range->first = (s64)seq;
  range->end = (s64)seq + 1;
  if (!emit) return;
  record_begin('K');
  record_number((s64)seq);
  record_number((s64)time);
  record_number(prio);
  record_token(caller, (u32)(at - caller));
  while (at < end && *at != '\n') at++;
  record_text(text, (u32)(at - text));
  record_end();
}

void kmsg_drain(struct kmsg_range *range, int emit) {
  *range = (struct kmsg_range){-1, -1};
  if (kmsg < 0) return;
  for (;;) {
    s32 n = sys3(SYS_read, kmsg, piece, sizeof piece - 1);
    if (n == -EPIPE) continue;  // overwritten records: the gap shows in the sequence numbers
    if (n <= 0) return;
    piece[n] = 0;
    kmsg_record(piece, (u32)n, range, emit);
  }
}

#define TRACING "/sys/kernel/tracing/"

static s32 set_event(const char *name, u32 n, const char *value) {
  char path[160] = TRACING "events/";
  u32 at = sizeof TRACING "events/" - 1;
  if (n + at + 8 > sizeof path) return -EINVAL;
  mem_copy(path + at, name, n);
  mem_copy(path + at + n, "/enable", 8);
  return write_file(path, value, 1, 0);
}

s32 trace_on(struct text events, s32 kilobytes) {
  char digits[12];
  u32 at = sizeof digits;
  write_file(TRACING "tracing_on", "0", 1, 0);
  if (kilobytes > 0) {
    for (s32 v = kilobytes; v; v /= 10) digits[--at] = (char)('0' + v % 10);
    s32 ret = write_file(TRACING "buffer_size_kb", digits + at, sizeof digits - at, 0);
    if (ret < 0) return ret;
  }
  write_file(TRACING "trace", "", 0, O_TRUNC);
  for (u32 i = 0; i < events.n;) {
    u32 n = 0;
    while (i + n < events.n && events.p[i + n] != ',') n++;
    s32 ret = set_event(events.p + i, n, "1");
    // Older kernels do not have every event; available_events tells which.
    if (ret < 0 && ret != -ENOENT) return ret;
    i += n + 1;
  }
  if (pipe_fd < 0)
    pipe_fd = sys2(SYS_open, TRACING "trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (pipe_fd < 0) return pipe_fd;
  s32 ret = write_file(TRACING "tracing_on", "1", 1, 0);
  return ret < 0 ? ret : 0;
}

s32 trace_off(void) {
  s32 ret = write_file(TRACING "tracing_on", "0", 1, 0);
  write_file(TRACING "events/enable", "0", 1, 0);
  return ret < 0 ? ret : 0;
}

s32 trace_mark(struct text mark) {
  return write_file(TRACING "trace_marker", mark.p, mark.n, 0);
}

void trace_drain(s32 op) {
  if (pipe_fd < 0) return;
  for (;;) {
    s32 n = sys3(SYS_read, pipe_fd, piece, sizeof piece);
    if (n <= 0) return;
    record_pieces('T', op, piece, (u32)n);
  }
}
