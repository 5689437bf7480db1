// SPDX-License-Identifier: MIT
// What the kernel says besides return values: /dev/kmsg and trace_pipe, followed without blocking.
#ifndef WATCH_H
#define WATCH_H
#include "text.h"

// Sequence numbers of the kernel log records met since the last kmsg_reset: [first, end).
struct kmsg_range {
  s64 first, end;
};

void kmsg_open(int from_now);
void kmsg_drain(struct kmsg_range *range, int emit);

s32 trace_on(struct text events, s32 kilobytes);
s32 trace_off(void);
s32 trace_mark(struct text mark);
void trace_drain(s32 op);

s32 write_file(const char *path, const char *p, u32 n, s32 flags);
#endif
