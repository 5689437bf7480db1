// SPDX-License-Identifier: MIT
// Named child processes of the guest and the ways to wait for them.
#ifndef CHILDREN_H
#define CHILDREN_H
#include "text.h"

s32 child_spawn(struct text name);  // pid in the parent, 0 in the child, -errno
s32 child_wait(struct text name, s32 timeout_ms);
s32 child_kill(struct text name, s32 signal);
s32 child_blocked(struct text name, s32 timeout_ms);
s32 run_program(char **argv);  // wait status of the program, or -errno

void gate_wait(void);
void gate_open(void);

u64 now_us(void);
void sleep_us(u32 us);
s32 until(struct text path, struct text wanted, int gone, s32 timeout_ms);
s32 settle(s32 timeout_ms);
s32 read_whole(const char *path, char *to, u32 max);
#endif
