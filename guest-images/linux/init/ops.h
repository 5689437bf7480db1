// SPDX-License-Identifier: MIT
// The operations list: one line each, run in order (PROTOCOL.md, "Operations").
#ifndef OPS_H
#define OPS_H
#include "text.h"

// Takes the list over; returns the number of operations or -errno. The first line is the header,
// whose second and third words are the version and the nonce.
s32 ops_load(const char *path);
const char *ops_nonce(void);
void ops_run(void);
#endif
