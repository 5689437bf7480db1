// SPDX-License-Identifier: MIT
// System calls of x86 Linux (32-bit by int 0x80, 64-bit by syscall), and the few constants this
// program needs.
#ifndef SYS_H
#define SYS_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;
// As wide as an address.
typedef long sptr;
typedef unsigned long uptr;

#ifdef __x86_64__
enum {
  SYS_read = 0, SYS_write = 1, SYS_open = 2, SYS_close = 3, SYS_fstat64 = 5, SYS_lseek = 8,
  SYS_mmap2 = 9, SYS_munmap = 11, SYS_rt_sigaction = 13, SYS_pwrite64 = 18, SYS_sched_yield = 24,
  SYS_pause = 34, SYS_getpid = 39, SYS_fork = 57, SYS_execve = 59, SYS_exit = 60, SYS_wait4 = 61,
  SYS_kill = 62, SYS_uname = 63, SYS_truncate64 = 76, SYS_mkdir = 83, SYS_link = 86,
  SYS_unlink = 87, SYS_chmod = 90, SYS_setuid32 = 105, SYS_sched_setscheduler = 144,
  SYS_prctl = 157, SYS_mount = 165, SYS_iopl = 172, SYS_init_module = 175,
  SYS_delete_module = 176, SYS_futex64 = 202, SYS_getdents64 = 217, SYS_clock_gettime64 = 228,
  SYS_clock_nanosleep64 = 230, SYS_finit_module = 313,
  // struct stat
  STAT_BYTES = 144, STAT_SIZE = 48,
};
#else
enum {
  STAT_BYTES = 96, STAT_SIZE = 44,
  SYS_exit = 1, SYS_fork = 2, SYS_read = 3, SYS_write = 4, SYS_open = 5, SYS_close = 6,
  SYS_link = 9, SYS_unlink = 10, SYS_execve = 11, SYS_chmod = 15, SYS_lseek = 19,
  SYS_getpid = 20, SYS_mount = 21, SYS_pause = 29, SYS_kill = 37, SYS_mkdir = 39,
  SYS_munmap = 91, SYS_iopl = 110, SYS_wait4 = 114, SYS_uname = 122, SYS_init_module = 128,
  SYS_delete_module = 129, SYS_sched_setscheduler = 156,
  SYS_sched_yield = 158, SYS_prctl = 172,
  SYS_rt_sigaction = 174, SYS_pwrite64 = 181, SYS_mmap2 = 192, SYS_truncate64 = 193,
  SYS_fstat64 = 197, SYS_setuid32 = 213, SYS_getdents64 = 220, SYS_finit_module = 350,
  SYS_clock_gettime64 = 403, SYS_clock_nanosleep64 = 407, SYS_futex64 = 422,
};
#endif

enum {
  O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0100, O_TRUNC = 01000, O_APPEND = 02000,
  O_NONBLOCK = 04000, O_DIRECTORY = 0200000, O_CLOEXEC = 02000000, O_PATH = 010000000,
  EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EAGAIN = 11, ENOMEM = 12, EINVAL = 22, EPIPE = 32,
  ETIME = 62, EEXIST = 17, ECHILD = 10,
  SEEK_SET = 0, SEEK_END = 2,
  PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_ANONYMOUS = 32,
  WNOHANG = 1, SIGKILL = 9, SIGUSR1 = 10, SIGALRM = 14, SIGCHLD = 17, MS_BIND = 4096, PR_SET_NAME = 15,
  FUTEX_WAIT = 0, FUTEX_WAKE = 1, CLOCK_MONOTONIC = 1,
};

#ifdef __x86_64__
static inline sptr sys6(s32 n, uptr a, uptr b, uptr c, uptr d, uptr e, uptr f) {
  sptr ret;
  register uptr r10 __asm__("r10") = d;
  register uptr r8 __asm__("r8") = e;
  register uptr r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(ret)
                   : "a"((sptr)n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return ret;
}
#else
static inline s32 sys6(s32 n, u32 a, u32 b, u32 c, u32 d, u32 e, u32 f) {
  s32 ret;
  // The sixth argument goes in ebp, which the compiler may be using as a frame pointer.
  u32 last[2] = {e, f};
  __asm__ volatile(
      "push %%ebp\n\t"
      "push %%edi\n\t"
      "mov 4(%%edi), %%ebp\n\t"
      "mov (%%edi), %%edi\n\t"
      "int $0x80\n\t"
      "pop %%edi\n\t"
      "pop %%ebp"
      : "=a"(ret)
      : "a"(n), "b"(a), "c"(b), "d"(c), "S"(d), "D"(last)
      : "memory");
  return ret;
}
#endif

#define SYS_ARG(x) ((uptr)(x))
#define sys0(n) sys6(n, 0, 0, 0, 0, 0, 0)
#define sys1(n, a) sys6(n, SYS_ARG(a), 0, 0, 0, 0, 0)
#define sys2(n, a, b) sys6(n, SYS_ARG(a), SYS_ARG(b), 0, 0, 0, 0)
#define sys3(n, a, b, c) sys6(n, SYS_ARG(a), SYS_ARG(b), SYS_ARG(c), 0, 0, 0)
#define sys4(n, a, b, c, d) sys6(n, SYS_ARG(a), SYS_ARG(b), SYS_ARG(c), SYS_ARG(d), 0, 0)
#define sys5(n, a, b, c, d, e) \
  sys6(n, SYS_ARG(a), SYS_ARG(b), SYS_ARG(c), SYS_ARG(d), SYS_ARG(e), 0)

static inline void out8(u16 port, u8 v) { __asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port)); }
static inline u8 in8(u16 port) {
  u8 v;
  __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
  return v;
}

#endif
