// SPDX-License-Identifier: MIT
#include "ops.h"
#include "children.h"
#include "policy.h"
#include "record.h"
#include "watch.h"

enum { TOKENS = 24, SLOTS = 16, READ_MAX = 16 << 20, DEFAULT_TIMEOUT_MS = 10000 };

static char **lines;
static s32 line_count;
static struct text nonce;
static char *big;  // READ_MAX bytes, touched only as far as used
static s32 slots[SLOTS];
static int in_child;

// What went before the system call of interest, when that is what failed.
static const char *stage;

static struct text words[TOKENS];
static u32 word_count, places;

static const char *place(u32 i) { return i < places ? words[i].p : ""; }
static struct text place_text(u32 i) { return i < places ? words[i] : (struct text){"", 0}; }

// Value of `key=`, or null. Options follow the positional words.
static const char *option(const char *key) {
  for (u32 i = places; i < word_count; i++)
    if (starts_with(words[i].p, key) && words[i].p[str_len(key)] == '=')
      return words[i].p + str_len(key) + 1;
  return 0;
}

static s32 option_number(const char *key, s32 otherwise) {
  const char *value = option(key);
  return value ? parse_number(value) : otherwise;
}

static sptr map(u32 n) {
  return sys6(SYS_mmap2, 0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, (u32)-1, 0);
}

static s32 open_mode(const char *mode) {
  if (!mode || text_is((struct text){(char *)mode, str_len(mode)}, "ro")) return O_RDONLY;
  if (starts_with(mode, "wo")) return O_WRONLY;
  if (starts_with(mode, "rw")) return O_RDWR;
  if (starts_with(mode, "path")) return O_PATH;
  return -1;
}

static s32 do_finit(void) {
  s32 fd = option_number("fd", -1), opened = -1, slot = option_number("slot", -1);
  const char *args = option("args");
  if (slot >= 0 && slot < SLOTS) fd = slots[slot];
  if (fd < 0) {
    fd = opened = sys2(SYS_open, place(1), open_mode(option("open")) | O_CLOEXEC);
    if (fd < 0) {
      stage = "open";
      return fd;
    }
  }
  s32 ret = sys3(SYS_finit_module, fd,
                 option("argsptr") ? (const char *)(sptr)option_number("argsptr", 0) : args ? args : "",
                 option_number("flags", 0));
  if (opened >= 0) sys1(SYS_close, opened);
  return ret;
}

static s32 do_init(void) {
  const char *args = option("args");
  s32 n = read_whole(place(1), big, READ_MAX);
  if (n < 0) {
    stage = "open";
    return n;
  }
  return sys3(SYS_init_module, option("ptr") ? (char *)(sptr)option_number("ptr", 0) : big,
              option_number("len", n),
              option("argsptr") ? (const char *)(sptr)option_number("argsptr", 0) : args ? args : "");
}

static s32 do_read(s32 op) {
  s32 max = option_number("max", READ_MAX);
  s32 n = read_whole(place(1), big, max > 0 && max < READ_MAX ? (u32)max : READ_MAX);
  if (n > 0) record_pieces('D', op, big, (u32)n);
  return n;
}

static s32 do_write(void) {
  struct text data = place_text(2);
  s32 flags = option_number("create", 0) ? O_CREAT | O_TRUNC : 0;
  if (option_number("append", 0)) flags |= O_APPEND;
  return write_file(place(1), data.p, data.n, flags);
}

static s32 do_copy(void) {
  s32 from = sys2(SYS_open, place(1), O_RDONLY | O_CLOEXEC), to, n;
  if (from < 0) return from;
  to = sys3(SYS_open, place(2), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  n = to;
  while (to >= 0 && (n = sys3(SYS_read, from, big, READ_MAX)) > 0) n = sys3(SYS_write, to, big, n);
  sys1(SYS_close, from);
  if (to >= 0) sys1(SYS_close, to);
  return n;
}

static s32 do_poke(void) {
  struct text data = place_text(3);
  s32 fd = sys2(SYS_open, place(1), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return fd;
  s32 ret = sys5(SYS_pwrite64, fd, data.p, data.n, parse_number(place(2)), 0);
  sys1(SYS_close, fd);
  return ret;
}

static s32 do_open(void) {
  s32 slot = parse_number(place(1));
  if (slot < 0 || slot >= SLOTS) return -EINVAL;
  s32 fd = sys2(SYS_open, place(2), open_mode(option("open")) | O_CLOEXEC);
  if (fd >= 0) slots[slot] = fd;
  return fd < 0 ? fd : 0;
}

static s32 do_close(void) {
  s32 slot = parse_number(place(1));
  return slot < 0 || slot >= SLOTS ? -EINVAL : sys1(SYS_close, slots[slot]);
}

static s32 do_trace(void) {
  if (text_is(words[1], "on")) return trace_on(place_text(2), option_number("kb", 0));
  if (text_is(words[1], "off")) return trace_off();
  return trace_mark(place_text(2));
}

static s32 do_exec(void) {
  char *argv[TOKENS + 1];
  u32 n = 0;
  for (u32 i = 1; i < word_count; i++) argv[n++] = words[i].p;
  argv[n] = 0;
  return n ? run_program(argv) : -EINVAL;
}

// How many words stand before the options: those may hold '=' themselves.
static u32 positional_words(void) {
  static const struct {
    const char *op;
    u32 words;
  } table[] = {{"settle", 1}, {"gate", 1},  {"go", 1},   {"idle", 1},     {"copy", 3},     {"link", 3}, {"workers", 1},
               {"bind", 3},   {"write", 3}, {"until", 3},  {"chmod", 3},    {"truncate", 3},
               {"open", 3},   {"kill", 3},  {"trace", 3},  {"poke", 4},     {"exec", TOKENS}};
  u32 count = 2;
  for (u32 i = 0; i < sizeof table / sizeof *table; i++)
    if (text_is(words[0], table[i].op)) count = table[i].words;
  return count < word_count ? count : word_count;
}

static s32 perform(s32 op) {
  struct text w = words[0];
  s32 timeout = option_number("timeout", DEFAULT_TIMEOUT_MS);
  if (text_is(w, "finit")) return do_finit();
  if (text_is(w, "init")) return do_init();
  if (text_is(w, "delete"))
    return sys2(SYS_delete_module, option("ptr") ? (char *)(sptr)option_number("ptr", 0) : place(1),
                option_number("flags", O_NONBLOCK));
  if (text_is(w, "read")) return do_read(op);
  if (text_is(w, "write")) return do_write();
  if (text_is(w, "copy")) return do_copy();
  if (text_is(w, "link")) return sys2(SYS_link, place(1), place(2));
  if (text_is(w, "unlink")) return sys1(SYS_unlink, place(1));
  if (text_is(w, "mkdir")) return sys2(SYS_mkdir, place(1), 0755);
  if (text_is(w, "chmod")) return sys2(SYS_chmod, place(1), parse_number(place(2)));
  if (text_is(w, "truncate")) return sys3(SYS_truncate64, place(1), parse_number(place(2)), 0);
  if (text_is(w, "poke")) return do_poke();
  if (text_is(w, "bind")) return sys5(SYS_mount, place(1), place(2), "", MS_BIND, 0);
  if (text_is(w, "open")) return do_open();
  if (text_is(w, "close")) return do_close();
  if (text_is(w, "sleep")) return sleep_us((u32)parse_number(place(1)) * 1000), 0;
  if (text_is(w, "settle")) return settle(timeout);
  if (text_is(w, "until"))
    return until(place_text(1), place_text(2), option_number("gone", 0), timeout);
  if (text_is(w, "wait")) return child_wait(place_text(1), option_number("timeout", 0));
  if (text_is(w, "blocked")) return child_blocked(place_text(1), timeout);
  if (text_is(w, "kill")) return child_kill(place_text(1), parse_number(place(2)));
  if (text_is(w, "gate")) return gate_wait(), 0;
  if (text_is(w, "go")) return gate_open(), 0;
  if (text_is(w, "idle")) return run_last();
  if (text_is(w, "workers")) return run_workers_first();
  if (text_is(w, "setuid")) return sys1(SYS_setuid32, parse_number(place(1)));
  if (text_is(w, "comm")) return sys2(SYS_prctl, PR_SET_NAME, place(1));
  if (text_is(w, "trace")) return do_trace();
  if (text_is(w, "exec")) return do_exec();
  stage = "unknown";
  return -EINVAL;
}

static void emit_result(s32 op, s32 ret, u64 from, u64 to, struct kmsg_range log) {
  record_begin('R');
  record_number(op);
  record_number(sys0(SYS_getpid));
  record_number(ret);
  record_number((s64)from);
  record_number((s64)to);
  record_number(log.first);
  record_number(log.end);
  record_token(stage, str_len(stage));
  record_end();
}

static void ops_run_range(s32 from, s32 to);

static s32 end_of_child(s32 op) {
  while (op < line_count && !(starts_with(lines[op], "end") && lines[op][3] == 0)) op++;
  return op;
}

// Runs operation `op` and returns the next one.
static s32 run_one(s32 op) {
  struct kmsg_range log;
  s32 ret, next = op + 1;
  word_count = split(lines[op], words, TOKENS);
  places = positional_words();

  stage = "call";
  kmsg_drain(&log, !in_child);
  record_begin('B');
  record_number(op);
  record_number(sys0(SYS_getpid));
  record_end();
  u64 from = now_us();
  if (text_is(words[0], "spawn")) {
    next = end_of_child(op) + 1;
    ret = child_spawn(place_text(1));
    if (ret == 0) {
      in_child = 1;
      ops_run_range(op + 1, next - 1);
      sys1(SYS_exit, 0);
    }
  } else {
    ret = perform(op);
  }
  u64 to = now_us();
  kmsg_drain(&log, !in_child);
  if (!in_child) trace_drain(op);
  emit_result(op, ret, from, to, log);
  return next;
}

static void ops_run_range(s32 from, s32 to) {
  while (from < to) from = run_one(from);
}

s32 ops_load(const char *path) {
  u32 size = 0;
  char stat[STAT_BYTES];
  s32 fd = sys2(SYS_open, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fd;
  sys2(SYS_fstat64, fd, stat);
  size = *(u32 *)(stat + STAT_SIZE);
  sys1(SYS_close, fd);
  char *p = (char *)map(size + 1);
  s32 n = read_whole(path, p, size);
  u32 count = 0;
  for (s32 i = 0; i < n; i++) count += p[i] == '\n';
  lines = (char **)map((count + 1) * sizeof *lines);
  big = (char *)map(READ_MAX);
  for (s32 i = 0, start = 0; i < n; i++) {
    if (p[i] != '\n') continue;
    p[i] = 0;
    if (start == 0) {
      struct text head[4];
      if (split(p, head, 4) != 3 || !text_is(head[0], "modstorm-ops") || !text_is(head[1], "1"))
        return -EINVAL;
      nonce = head[2];
    } else {
      lines[line_count++] = p + start;
    }
    start = i + 1;
  }
  return line_count;
}

const char *ops_nonce(void) { return nonce.p; }

void ops_run(void) { ops_run_range(0, line_count); }
