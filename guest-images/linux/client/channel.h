// SPDX-License-Identifier: MIT
// One transaction with the host over the user channel (emulator/port/PROTOCOL.md, "User space").
#ifndef CHANNEL_H
#define CHANNEL_H

#include "../init/sys.h"

enum {
  OP_FINIT = 1, OP_INIT = 2, OP_DELETE = 3, OP_REQUEST = 4, OP_MODPROBE = 5, OP_UEVENT = 6,
  OP_READ = 7, OP_WRITE = 8,
  OP_WORK = 64, OP_EXIT = 65, OP_DEPENDS = 66, OP_MODINFO = 67, OP_NAMES = 68, OP_SIZE = 69,
};

struct answer {
  s32 value;
  u32 length;
  char *bytes;  // NUL after the last
};

// Opens the gate to the ports; what went wrong in words, or 0.
const char *channel_start(void);

// Sends a request and waits for its answer. 0, or -EIO when the host cannot be made to understand.
int channel_call(u32 operation, u32 flags, const char *subject, const char *text, struct answer *to);

#endif
