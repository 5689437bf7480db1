// SPDX-License-Identifier: MIT
// Strings with lengths, numbers, and the escapes shared with the host (PROTOCOL.md, "Escapes").
#ifndef TEXT_H
#define TEXT_H
#include "sys.h"

struct text {
  char *p;
  u32 n;
};

u32 str_len(const char *s);
void mem_copy(void *to, const void *from, u32 n);
int text_is(struct text t, const char *s);
int starts_with(const char *s, const char *prefix);
int contains(const char *hay, u32 n, const char *needle, u32 m);

// Decimal or 0x hexadecimal, with an optional minus sign; stops at the first other byte.
s32 parse_number(const char *s);
u64 parse_decimal(const char *s, const char **end);

u64 divide(u64 value, u32 by);

// Undo the escapes of one token in place and end it with a NUL.
struct text unescape(char *p, u32 n);

// Split `line` (ended by NUL) at single spaces into unescaped tokens; returns how many.
u32 split(char *line, struct text *tokens, u32 max);
#endif
