// SPDX-License-Identifier: MIT
// Looks the name up in /etc/modprobe.list (PROTOCOL.md, "modprobe") and reports both ends of its run.
#include "modprobe.h"
#include "children.h"
#include "policy.h"
#include "record.h"

enum { WORDS = 64, LIST_MAX = 1 << 20, NOT_FOUND = 1 };

static char list[LIST_MAX];
static struct text words[WORDS];
static u32 word_count;
static char outcome[2048];
static u32 outcome_used;

static void note(const char *p, u32 n) {
  if (n > sizeof outcome - outcome_used) n = sizeof outcome - outcome_used;
  mem_copy(outcome + outcome_used, p, n);
  outcome_used += n;
}

static void note_result(const char *path, s32 ret) {
  char digits[12];
  u32 at = sizeof digits, v = ret < 0 ? (u32)-ret : (u32)ret;
  do digits[--at] = (char)('0' + v % 10);
  while (v /= 10);
  if (ret < 0) digits[--at] = '-';
  if (outcome_used) note(" ", 1);
  note(path, str_len(path));
  note("=", 1);
  note(digits + at, sizeof digits - at);
}

static void report(char which, const char *name, s32 exit_code) {
  if (!shared) return;
  record_begin('M');
  record_token(&which, 1);
  record_number(sys0(SYS_getpid));
  record_number((s64)now_us());
  record_number(exit_code);
  record_token(name, str_len(name));
  record_text(outcome, outcome_used);
  record_end();
}

static int find_entry(const char *name) {
  s32 n = read_whole("/etc/modprobe.list", list, sizeof list - 1);
  if (n < 0) return 0;
  list[n] = 0;
  for (char *p = list; *p;) {
    char *end = p;
    while (*end && *end != '\n') end++;
    int last = *end == 0;
    *end = 0;
    word_count = split(p, words, WORDS);
    if (word_count && text_is(words[0], name)) return 1;
    if (last) break;
    p = end + 1;
  }
  return 0;
}

// Whether /sys/module/<name of the file>/initstate says "live".
static int is_live(const char *path) {
  char file[128] = "/sys/module/", state[16];
  u32 n = 12;
  const char *base = path;
  for (const char *s = path; *s; s++)
    if (*s == '/') base = s + 1;
  for (; *base && *base != '.' && n < 100; base++) file[n++] = *base == '-' ? '_' : *base;
  mem_copy(file + n, "/initstate", 11);
  return read_whole(file, state, sizeof state) >= 4 && starts_with(state, "live");
}

static s32 run_entry(void) {
  s32 flags = 0, exit_code = -1, failed = 0, check = 0, need = 1, over = 0;
  const char *args = "";
  for (u32 i = 1; i < word_count; i++) {
    char *w = words[i].p;
    if (starts_with(w, "delay=")) sleep_us((u32)parse_number(w + 6) * 1000);
    else if (starts_with(w, "exit=")) exit_code = parse_number(w + 5);
    else if (starts_with(w, "check=")) check = parse_number(w + 6);
    else if (starts_with(w, "flags=")) flags = parse_number(w + 6);
    else if (starts_with(w, "args=")) args = w + 5;
    else if (starts_with(w, "need=")) need = parse_number(w + 5);
    else if (starts_with(w, "unless=")) over |= is_live(w + 7);
    else if (text_is(words[i], "next")) over = failed = 0;
    else if (!over && !(check && is_live(w))) {
      run_workers_first();
      run_last();
      s32 fd = sys2(SYS_open, w, O_RDONLY | O_CLOEXEC);
      s32 ret = fd < 0 ? fd : sys3(SYS_finit_module, fd, args, flags);
      if (fd >= 0) sys1(SYS_close, fd);
      note_result(w, ret);
      if (need && ret < 0 && ret != -EEXIST) over = failed = 1;
    }
  }
  return exit_code >= 0 ? exit_code : failed;
}

// What needs nobody else goes with it: a module that is not there has already gone.
static s32 run_removal(void) {
  for (u32 i = 1; i < word_count; i++) {
    s32 ret = sys2(SYS_delete_module, words[i].p, O_NONBLOCK);
    note_result(words[i].p, ret);
    if (ret < 0 && i == 1) return ret != -ENOENT;
  }
  return 0;
}

s32 modprobe_main(s32 argc, char **argv) {
  int removing = 0;
  const char *name = "";
  s32 exit_code = NOT_FOUND;
  for (s32 i = 1; i < argc; i++) {
    if (starts_with(argv[i], "-r")) removing = 1;
    else if (argv[i][0] != '-') name = argv[i];
  }
  record_open(0);
  report('b', name, 0);
  if (removing) {
    char key[260] = "-r ";
    u32 n = str_len(name);
    mem_copy(key + 3, name, n < 256 ? n + 1 : 0);
    run_workers_first();
    run_last();
    if (find_entry(key)) exit_code = run_removal();
  } else if (find_entry(name)) {
    exit_code = run_entry();
  }
  report('e', name, exit_code);
  return exit_code;
}
