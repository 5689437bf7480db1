// SPDX-License-Identifier: MIT
// Who goes before whom: scheduling policies of this process and of others.
#ifndef POLICY_H
#define POLICY_H
#include "text.h"

// The process runs under SCHED_IDLE from here on.
s32 run_last(void);

// Kernel workers run under SCHED_FIFO from here on, before every other task, those there are: how many.
s32 run_workers_first(void);
#endif
