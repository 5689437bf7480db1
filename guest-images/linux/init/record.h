// SPDX-License-Identifier: MIT
// Records on the serial line: one checksummed line each (PROTOCOL.md, "Records").
#ifndef RECORD_H
#define RECORD_H
#include "text.h"

// Memory all processes of the guest share, modprobe helpers included (/run/shared).
struct shared {
  volatile u32 line_owner;  // pid that is writing a record, 0 when free
  volatile u32 gate;        // generation counter of `go`
  char nonce[32];
};
extern struct shared *shared;

// Maps the shared page (creating it when `create`) and opens the I/O ports. 0 or -errno.
s32 record_open(int create);

// Builds one record and sends it whole; a record never mixes with another process's.
void record_begin(char type);
void record_number(s64 value);
void record_token(const char *p, u32 n);
void record_text(const char *p, u32 n);  // the rest of the line; must come last
void record_end(void);

// `text` in as many `type op |piece` records as it takes.
void record_pieces(char type, s32 op, const char *p, u32 n);
#endif
