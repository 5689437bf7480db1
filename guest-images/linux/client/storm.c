// SPDX-License-Identifier: MIT
// coldplug: a modprobe for every modalias; storm: so many modprobes. They are
// started one by one and ask at once.
#include "applets.h"
#include "channel.h"
#include "lib.h"

enum { DT_DIR = 4, MOST_DEPTH = 24, MOST_LIST = 4 << 20, SYS_pipe2 = 331 };

struct tally {
  u32 started, done, failed, unstarted;
  // A pipe at whose end the processes wait until it is closed; 0: they need not.
  s32 wait_end, open_end;
};

// From now on processes wait, each ready to ask, until all have been started.
static void close_gate(struct tally *tally) {
  s32 ends[2];
  if (sys2(SYS_pipe2, ends, O_CLOEXEC) < 0) return;
  tally->wait_end = ends[0];
  tally->open_end = ends[1];
}

static void open_gate(struct tally *tally) {
  if (!tally->open_end) return;
  sys1(SYS_close, tally->open_end);
  sys1(SYS_close, tally->wait_end);
  tally->open_end = tally->wait_end = 0;
}

static void reap(struct tally *tally, int block) {
  u32 status;
  for (;;) {
    s32 pid = sys4(SYS_wait4, -1, &status, block ? 0 : WNOHANG, 0);
    if (pid == -EINTR) continue;
    if (pid <= 0) return;
    tally->done++;
    if (status != 0) tally->failed++;
  }
}

// The kernel refuses processes when it has no room: then some have to end first.
static void start(struct tally *tally, const char *name, int blacklist) {
  for (int tries = 0; tries < 2000; tries++) {
    s32 pid = sys0(SYS_fork);
    if (pid == 0) {
      const char *argv[] = {"modprobe", blacklist ? "-bq" : "-q", "--", name, 0};
      const char *envp[] = {"PATH=/sbin:/bin", tally->wait_end ? GATE_VARIABLE : 0, 0};
      if (tally->wait_end) sys2(SYS_dup2, tally->wait_end, GATE_FD);
      sys3(SYS_execve, "/sbin/modprobe", argv, envp);
      sys1(SYS_exit, 127);
    }
    if (pid > 0) {
      tally->started++;
      return;
    }
    open_gate(tally);
    reap(tally, 0);
    nap_us(5000);
  }
  tally->unstarted++;
}

static int report(const char *program, const char *what, u32 count, struct tally *tally) {
  open_gate(tally);
  reap(tally, 1);
  put(1, program), put(1, ": ");
  put_number(1, count), put(1, " "), put(1, what), put(1, ", ");
  put_number(1, tally->started), put(1, " processes, ");
  put_number(1, tally->done - tally->failed), put(1, " succeeded, ");
  put_number(1, tally->failed), put(1, " failed");
  if (tally->unstarted) put(1, ", "), put_number(1, tally->unstarted), put(1, " could not be started");
  put(1, "\n");
  return tally->unstarted ? 1 : 0;
}

static void coldplug_below(char *path, u32 room, int depth, u32 *count, struct tally *tally) {
  s32 fd = sys3(SYS_open, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd < 0) return;
  u32 end = text_length(path);
  char entries[2048];
  for (;;) {
    s32 got = sys3(SYS_getdents64, fd, entries, sizeof entries);
    if (got <= 0) break;
    for (s32 at = 0; at < got; at += *(u16 *)(entries + at + 16)) {
      char *name = entries + at + 19;
      u8 type = (u8)entries[at + 18];
      int directory = type == DT_DIR && name[0] != '.';
      if (!directory && !same(name, "modalias")) continue;
      append(path, room, "/");
      append(path, room, name);
      if (directory && depth < MOST_DEPTH) {
        coldplug_below(path, room, depth + 1, count, tally);
      } else if (!directory) {
        u32 length;
        char *alias = read_file(path, 4095, &length);
        while (alias && length > 0 && alias[length - 1] == '\n') alias[--length] = 0;
        if (alias && length > 0) (*count)++, start(tally, alias, 1);
      }
      path[end] = 0;
    }
  }
  sys1(SYS_close, fd);
}

int coldplug_applet(int argc, char **argv) {
  struct tally tally = {0, 0, 0, 0, 0, 0};
  close_gate(&tally);
  u32 count = 0;
  static char path[4096] = "/sys/devices";
  coldplug_below(path, sizeof path, 0, &count, &tally);
  for (int i = 1; i < argc; i++) {
    u32 length;
    char *list = read_file(argv[i], MOST_LIST, &length);
    if (!list) return complain("coldplug", argv[i], "cannot be read");
    while (*list) {
      char *line = list;
      while (*list && *list != '\n') list++;
      if (*list) *list++ = 0;
      if (*line) count++, start(&tally, line, 1);
    }
  }
  return report("coldplug", "modaliases", count, &tally);
}

int storm_applet(int argc, char **argv) {
  int ok = 0;
  u32 wanted = argc > 1 ? number_of(argv[1], &ok) : 0;
  if (!ok || wanted == 0) return complain("storm", "usage", "storm N [NAME...], N processes at once");
  struct tally tally = {0, 0, 0, 0, 0, 0};
  close_gate(&tally);
  struct answer names;
  if (argc > 2) {
    for (u32 i = 0; i < wanted; i++) start(&tally, argv[2 + i % (u32)(argc - 2)], 0);
    return report("storm", "requests", wanted, &tally);
  }
  if (channel_call(OP_NAMES, 0, "", "", &names) || names.length == 0) return complain("storm", "names", "the model has no modules");
  for (char *s = names.bytes; *s; s++)
    if (*s == '\n') *s = 0;
  char *name = names.bytes;
  for (u32 i = 0; i < wanted; i++) {
    start(&tally, name, 0);
    name += text_length(name) + 1;
    if (name >= names.bytes + names.length) name = names.bytes;
  }
  return report("storm", "requests", wanted, &tally);
}
