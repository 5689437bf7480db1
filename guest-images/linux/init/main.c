// SPDX-License-Identifier: MIT
// First program of the verification guest. Started as `modprobe` it is the kernel's helper instead.
#include "modprobe.h"
#include "ops.h"
#include "record.h"
#include "watch.h"

enum { PROTOCOL_VERSION = 1 };

__asm__(
#ifdef __x86_64__
    ".globl _start\n_start:\n\t"
    "xor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall entry\n");
#else
    ".globl _start\n_start:\n\t"
    "xor %ebp, %ebp\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %eax\n\tcall entry\n");
#endif

static void mount(const char *what, const char *where) {
  sys2(SYS_mkdir, where, 0755);
  sys5(SYS_mount, what, where, what, 0, "");
}

static void hello(s32 ops) {
  static char names[6][65];
  sys1(SYS_uname, names);
  record_begin('H');
  record_number(PROTOCOL_VERSION);
  record_number(ops);
  record_token(names[2], str_len(names[2]));
  record_text(names[3], str_len(names[3]));
  record_end();
}

static void run_guest(void) {
  struct kmsg_range log;
  mount("proc", "/proc");
  mount("sysfs", "/sys");
  mount("devtmpfs", "/dev");
  mount("debugfs", "/sys/kernel/debug");
  mount("tracefs", "/sys/kernel/tracing");
  mount("tmpfs", "/tmp");
  mount("tmpfs", "/run");
  record_open(1);
  s32 ops = ops_load("/ops");
  const char *nonce = ops < 0 ? "none" : ops_nonce();
  mem_copy(shared->nonce, nonce, str_len(nonce) + 1);
  kmsg_open(0);
  hello(ops);
  kmsg_drain(&log, 1);
  if (ops > 0) ops_run();
  record_begin('Z');
  record_number(ops);
  record_end();
}

__attribute__((used)) void entry(uptr *stack) {
  s32 argc = (s32)stack[0];
  char **argv = (char **)(stack + 1);
  const char *base = argv[0];
  for (const char *s = argv[0]; *s; s++)
    if (*s == '/') base = s + 1;
  if (starts_with(base, "modprobe")) sys1(SYS_exit, modprobe_main(argc, argv));
  if (sys0(SYS_getpid) != 1) sys1(SYS_exit, 2);
  run_guest();
  for (;;) sys0(SYS_pause);
}
