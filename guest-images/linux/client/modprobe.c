// SPDX-License-Identifier: MIT
// modprobe(8) as kmod has it: options and exit status; the work is the model's.
#include "applets.h"
#include "channel.h"
#include "lib.h"

enum { PF_KTHREAD = 0x00200000, ROOM = 16384 };

struct wishes {
  int quiet, verbose, dry, show, syslog;
  char options[256];  // passed on
  char words[ROOM];   // after the first name
  const char *name;
};

// Whether a kernel thread started this process: then it is the helper of request_module().
static int kernel_is_parent(void) {
  char path[32] = "/proc/";
  append_number(path, sizeof path, (u32)sys0(SYS_getppid));
  append(path, sizeof path, "/stat");
  u32 length;
  char *stat = read_file(path, 4095, &length);
  if (!stat || length == 0) return 0;
  // The name may hold anything: the fields follow the last parenthesis.
  char *at = stat + length;
  while (at > stat && *at != ')') at--;
  // state, ppid, pgrp, session, tty, tpgid, then the flags
  for (int field = 0; field < 7 && *at; field++) {
    while (*at && *at != ' ') at++;
    while (*at == ' ') at++;
  }
  u32 flags = 0;
  for (; *at >= '0' && *at <= '9'; at++) flags = flags * 10 + (u32)(*at - '0');
  return (flags & PF_KTHREAD) != 0;
}

static void add_option(struct wishes *to, char letter) {
  char option[4] = {'-', letter, 0, 0};
  if (to->options[0]) append(to->options, sizeof to->options, " ");
  append(to->options, sizeof to->options, option);
}

static const struct {
  const char *name;
  char letter;
} long_options[] = {
    {"--quiet", 'q'}, {"--all", 'a'}, {"--remove", 'r'}, {"--use-blacklist", 'b'},
    {"--ignore-install", 'i'}, {"--ignore-remove", 'i'}, {"--verbose", 'v'}, {"--syslog", 's'},
    {"--show-depends", 'D'}, {"--dry-run", 'n'}, {"--show", 'n'}, {"--force", 'f'},
    {"--force-modversion", 'f'}, {"--force-vermagic", 'f'}, {"--first-time", 'F'},
};

// 0, or the complaint.
static const char *take_letter(struct wishes *to, char letter) {
  switch (letter) {
    case 'q': to->quiet = 1; add_option(to, 'q'); return 0;
    case 'v': to->verbose = 1; return 0;
    case 's': to->syslog = 1; return 0;
    case 'n': to->dry = 1; return 0;
    case 'D': to->show = 1; return 0;
    case 'f': return "the model does not force modules (-f)";
    case 'F': append(to->options, sizeof to->options, to->options[0] ? " --first-time" : "--first-time"); return 0;
    case 'a': case 'r': case 'b': case 'i': add_option(to, letter); return 0;
    default: return "unrecognized option";
  }
}

static const char *take_option(struct wishes *to, const char *word) {
  if (word[1] == '-') {
    for (u32 i = 0; i < sizeof long_options / sizeof long_options[0]; i++)
      if (same(word, long_options[i].name)) return take_letter(to, long_options[i].letter);
    return "unrecognized option";
  }
  for (const char *s = word + 1; *s; s++) {
    const char *problem = take_letter(to, *s);
    if (problem) return problem;
  }
  return 0;
}

static int is_removal(const struct wishes *wishes) {
  for (const char *s = wishes->options; *s; s++)
    if (s[0] == '-' && s[1] == 'r') return 1;
  return 0;
}

static int failed(const struct wishes *wishes, const struct answer *answer) {
  if (!wishes->quiet && answer->length > 0) put_bytes(2, answer->bytes, answer->length);
  return 1;
}

int modprobe_applet(int argc, char **argv) {
  static struct wishes wishes;
  int only_words = 0;
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i];
    if (!only_words && same(word, "--")) {
      only_words = 1;
    } else if (!only_words && word[0] == '-' && word[1]) {
      const char *problem = take_option(&wishes, word);
      if (problem) return complain("modprobe", word, problem);
    } else if (!wishes.name) {
      wishes.name = word;
    } else {
      if (wishes.words[0]) append(wishes.words, ROOM, " ");
      append(wishes.words, ROOM, word);
    }
  }
  if (!wishes.name) return complain("modprobe", "ERROR", "missing parameters. See -h.");
  struct answer answer;
  if (wishes.show || wishes.dry || wishes.verbose) {
    if (channel_call(OP_DEPENDS, 0, wishes.name, wishes.words, &answer)) return complain("modprobe", wishes.name, error_text(5));
    if (answer.value < 0) return failed(&wishes, &answer);
    if ((wishes.show || wishes.verbose) && !is_removal(&wishes)) put_bytes(1, answer.bytes, answer.length);
    if (wishes.show || wishes.dry) return 0;
  }
  if (kernel_is_parent() && !wishes.words[0] && !is_removal(&wishes)) {
    if (channel_call(OP_REQUEST, 1, wishes.name, "", &answer)) return 1;
    return answer.value == 0 ? 0 : answer.value > 0 ? (answer.value >> 8) & 0xff : 1;
  }
  // Options first: a word may look like one.
  static char text[ROOM];
  append(text, ROOM, wishes.options);
  if (wishes.words[0]) {
    if (text[0]) append(text, ROOM, " ");
    append(text, ROOM, wishes.words);
  }
  if (channel_call(OP_MODPROBE, 0, wishes.name, text, &answer)) return complain("modprobe", wishes.name, error_text(5));
  return answer.value == 0 ? 0 : failed(&wishes, &answer);
}
