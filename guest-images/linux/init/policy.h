// SPDX-License-Identifier: MIT
// Who goes before whom: scheduling policies of this process and of others.
#ifndef POLICY_H
#define POLICY_H
#include "text.h"

// The process runs under SCHED_IDLE from here on.
s32 run_last(void);

// Kernel workers run under SCHED_FIFO, those there are: how many. Kernel threads that start from here
// on have the best nice value, which they keep.
s32 run_kernel_first(void);

// Tasks whose names begin with `prefix` run under SCHED_FIFO, before any other: how many there are.
s32 run_first(const char *prefix);
#endif
