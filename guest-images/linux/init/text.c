// SPDX-License-Identifier: MIT
#include "text.h"

u32 str_len(const char *s) {
  u32 n = 0;
  while (s[n]) n++;
  return n;
}

void mem_copy(void *to, const void *from, u32 n) {
  uptr count = n;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count)::"memory");
}

// The compiler may emit calls to these two.
void *memcpy(void *to, const void *from, __SIZE_TYPE__ n) {
  mem_copy(to, from, (u32)n);
  return to;
}

void *memset(void *to, int v, __SIZE_TYPE__ n) {
  void *p = to;
  __asm__ volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(v) : "memory");
  return to;
}

int text_is(struct text t, const char *s) {
  for (u32 i = 0; i < t.n; i++)
    if (s[i] != t.p[i] || !s[i]) return 0;
  return s[t.n] == 0;
}

int starts_with(const char *s, const char *prefix) {
  while (*prefix)
    if (*s++ != *prefix++) return 0;
  return 1;
}

int contains(const char *hay, u32 n, const char *needle, u32 m) {
  for (u32 i = 0; i + m <= n; i++) {
    u32 j = 0;
    while (j < m && hay[i + j] == needle[j]) j++;
    if (j == m) return 1;
  }
  return 0;
}

static int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

s32 parse_number(const char *s) {
  int negative = *s == '-';
  u32 base = 10, v = 0;
  if (negative) s++;
  if (s[0] == '0' && s[1] == 'x') {
    base = 16;
    s += 2;
  }
  while ((u32)digit_of(*s) < base) v = v * base + digit_of(*s++);
  return negative ? -(s32)v : (s32)v;
}

u64 parse_decimal(const char *s, const char **end) {
  u64 v = 0;
  while (*s >= '0' && *s <= '9') v = v * 10 + (u32)(*s++ - '0');
  *end = s;
  return v;
}

u64 divide(u64 value, u32 by) {
  u32 high = (u32)(value >> 32), low = (u32)value, rest = high % by, quotient_low;
  u32 quotient_high = high / by;
  __asm__("divl %4" : "=a"(quotient_low), "=d"(rest) : "a"(low), "d"(rest), "r"(by));
  return ((u64)quotient_high << 32) | quotient_low;
}

struct text unescape(char *p, u32 n) {
  char *out = p;
  for (u32 i = 0; i < n; i++) {
    if (p[i] != '\\' || i + 1 >= n) {
      *out++ = p[i];
      continue;
    }
    char c = p[++i];
    if (c == 'n') *out++ = '\n';
    else if (c == 't') *out++ = '\t';
    else if (c == 's') *out++ = ' ';
    else if (c == 'e') continue;  // the empty token
    else if (c == 'x' && i + 2 < n) {
      *out++ = (char)(digit_of(p[i + 1]) << 4 | digit_of(p[i + 2]));
      i += 2;
    } else *out++ = c;
  }
  *out = 0;
  return (struct text){p, (u32)(out - p)};
}

u32 split(char *line, struct text *tokens, u32 max) {
  u32 count = 0;
  while (*line && count < max) {
    u32 n = 0;
    while (line[n] && line[n] != ' ') n++;
    int last = line[n] == 0;
    tokens[count++] = unescape(line, n);
    if (last) break;
    line += n + 1;
  }
  return count;
}
