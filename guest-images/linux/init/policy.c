// SPDX-License-Identifier: MIT
#include "policy.h"
#include "children.h"

enum { SCHED_FIFO = 1, SCHED_IDLE = 5, LOWEST_REAL_TIME = 1 };

s32 run_last(void) {
  s32 priority = 0;
  return sys3(SYS_sched_setscheduler, 0, SCHED_IDLE, &priority);
}

// Whether the process of this number bears a name that begins with `prefix`.
static int is_named(const char *pid, const char *prefix) {
  char path[32] = "/proc/", comm[32] = "";
  u32 n = str_len(pid);
  if (n > 16) return 0;
  mem_copy(path + 6, pid, n);
  mem_copy(path + 6 + n, "/comm", 6);
  return read_whole(path, comm, sizeof comm - 1) > 0 && starts_with(comm, prefix);
}

s32 run_workers_first(void) {
  static char entries[4096];
  s32 priority = LOWEST_REAL_TIME, found = 0, n;
  s32 fd = sys2(SYS_open, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fd;
  while ((n = sys3(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
    for (s32 at = 0; at < n; at += *(u16 *)(entries + at + 16)) {
      const char *name = entries + at + 19;
      if (*name < '0' || *name > '9' || !is_named(name, "kworker/")) continue;
      found += sys3(SYS_sched_setscheduler, parse_number(name), SCHED_FIFO, &priority) == 0;
    }
  }
  sys1(SYS_close, fd);
  return n < 0 ? n : found;
}
