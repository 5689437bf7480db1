// SPDX-License-Identifier: MIT
#include "children.h"
#include "record.h"
#include "watch.h"

enum { CHILDREN = 256, NAME = 32, POLL_US = 1000 };

static struct child {
  char name[NAME];
  s32 pid;
} children[CHILDREN];

struct time64 {
  s64 sec;
  s32 nsec, pad;
};

u64 now_us(void) {
  struct time64 t;
  sys2(SYS_clock_gettime64, CLOCK_MONOTONIC, &t);
  return (u64)t.sec * 1000000 + (u32)t.nsec / 1000;
}

void sleep_us(u32 us) {
  struct time64 left = {us / 1000000, (s32)(us % 1000000 * 1000), 0};
  while (sys4(SYS_clock_nanosleep64, CLOCK_MONOTONIC, 0, &left, &left) == -EINTR) {
  }
}

static int past(u64 deadline) { return now_us() >= deadline; }
static u64 after_ms(s32 ms) { return now_us() + (u64)(u32)ms * 1000; }

// A signal with a handler interrupts a wait without ending the process.
static void on_signal(int signal) { (void)signal; }
#ifdef __x86_64__
__asm__(".globl signal_return\nsignal_return:\n\tmov $15, %eax\n\tsyscall\n");
#else
__asm__(".globl signal_return\nsignal_return:\n\tpop %eax\n\tmov $119, %eax\n\tint $0x80\n");
#endif
void signal_return(void);

static void catch_signal(s32 signal) {
  struct {
    void (*handler)(int);
    uptr flags;
    void (*restorer)(void);
    u64 mask;
  } action = {on_signal, 0x04000000, signal_return, 0};
  sys4(SYS_rt_sigaction, signal, &action, 0, 8);
}

static struct child *find(struct text name) {
  for (u32 i = 0; i < CHILDREN; i++)
    if (children[i].pid && text_is(name, children[i].name)) return &children[i];
  return 0;
}

s32 child_spawn(struct text name) {
  u32 i = 0;
  while (i < CHILDREN && children[i].pid) i++;
  if (i == CHILDREN || name.n == 0 || name.n >= NAME || find(name)) return -EINVAL;
  s32 pid = sys0(SYS_fork);
  if (pid == 0) {
    catch_signal(SIGALRM);
    catch_signal(SIGUSR1);
    kmsg_open(1);
    return 0;
  }
  if (pid > 0) {
    mem_copy(children[i].name, name.p, name.n + 1);
    children[i].pid = pid;
  }
  return pid;
}

static void reaped(s32 pid, s32 status) {
  for (u32 i = 0; i < CHILDREN; i++) {
    if (children[i].pid != pid) continue;
    children[i].pid = 0;
    record_begin('E');
    record_token(children[i].name, str_len(children[i].name));
    record_number(pid);
    record_number(status);
    record_end();
  }
}

s32 child_wait(struct text name, s32 timeout_ms) {
  int all = text_is(name, "all");
  struct child *child = all ? 0 : find(name);
  u64 deadline = after_ms(timeout_ms);
  s32 count = 0, status;
  if (!all && !child) return -ECHILD;
  for (;;) {
    s32 pid = sys4(SYS_wait4, all ? -1 : child->pid, &status, timeout_ms ? WNOHANG : 0, 0);
    if (pid == -ECHILD && all) return count;
    if (pid < 0) return pid;
    if (pid > 0) {
      reaped(pid, status);
      count++;
      if (!all) return status;
    } else {
      if (past(deadline)) return -ETIME;
      sleep_us(POLL_US);
    }
  }
}

s32 child_kill(struct text name, s32 signal) {
  struct child *child = find(name);
  return child ? sys2(SYS_kill, child->pid, signal) : -ESRCH;
}

s32 read_whole(const char *path, char *to, u32 max) {
  u32 got = 0;
  s32 fd = sys2(SYS_open, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return fd;
  while (got < max) {
    s32 n = sys3(SYS_read, fd, to + got, max - got);
    if (n < 0 && got == 0) got = (u32)n;
    if (n <= 0) break;
    got += (u32)n;
  }
  sys1(SYS_close, fd);
  return (s32)got;
}

// 'S' or 'D' in /proc/PID/stat: "pid (comm) state ...".
static int is_asleep(s32 pid) {
  char path[32] = "/proc/", stat[256];
  char digits[12];
  u32 at = sizeof digits, n = 6;
  for (s32 v = pid; v; v /= 10) digits[--at] = (char)('0' + v % 10);
  while (at < sizeof digits) path[n++] = digits[at++];
  mem_copy(path + n, "/stat", 6);
  s32 got = read_whole(path, stat, sizeof stat);
  for (s32 i = got - 3; i > 0; i--)
    if (stat[i] == ')') return stat[i + 2] == 'S' || stat[i + 2] == 'D';
  return 0;
}

s32 child_blocked(struct text name, s32 timeout_ms) {
  struct child *child = find(name);
  u64 deadline = after_ms(timeout_ms);
  u32 seen = 0;
  if (!child) return -ESRCH;
  while (seen < 2) {
    seen = is_asleep(child->pid) ? seen + 1 : 0;
    if (seen >= 2) break;
    if (past(deadline)) return -ETIME;
    sleep_us(POLL_US);
  }
  return 0;
}

s32 run_program(char **argv) {
  static char *environment[] = {"HOME=/", "TERM=linux", "PATH=/sbin:/usr/sbin:/bin:/usr/bin", 0};
  s32 status = 0, pid = sys0(SYS_fork);
  if (pid == 0) {
    sys3(SYS_execve, argv[0], argv, environment);
    sys1(SYS_exit, 127);
  }
  if (pid < 0) return pid;
  s32 ret = sys4(SYS_wait4, pid, &status, 0, 0);
  return ret < 0 ? ret : status;
}

void gate_wait(void) {
  u32 generation = shared->gate;
  while (shared->gate == generation)
    sys6(SYS_futex64, (uptr)&shared->gate, FUTEX_WAIT, generation, 0, 0, 0);
}

void gate_open(void) {
  shared->gate++;
  sys6(SYS_futex64, (uptr)&shared->gate, FUTEX_WAKE, 0x7fffffff, 0, 0, 0);
}

static char page[262144];

s32 until(struct text path, struct text wanted, int gone, s32 timeout_ms) {
  u64 deadline = after_ms(timeout_ms);
  for (;;) {
    s32 n = read_whole(path.p, page, sizeof page);
    int there = n >= 0 && contains(page, (u32)n, wanted.p, wanted.n);
    if (there != gone) return 0;
    if (past(deadline)) return -ETIME;
    sleep_us(POLL_US);
  }
}

// The rest of the line `p` stands in, and the start of the next.
static const char *next_line(const char *p) {
  while (*p && *p != '\n') p++;
  return *p ? p + 1 : p;
}

static const char *skip_words(const char *p, u32 count) {
  for (; count; count--) {
    while (*p && *p != ' ' && *p != '\n') p++;
    while (*p == ' ') p++;
  }
  return p;
}

// Reads `path` and leaves it in `page`, ended by a NUL.
static const char *read_page(const char *path) {
  s32 n = read_whole(path, page, sizeof page - 1);
  page[n < 0 ? 0 : n] = 0;
  return page;
}

// Of a line of /proc/modules, "name size users ...": the first number that another follows, since
// a damaged module's name may hold spaces.
static s64 module_size(const char *line) {
  const char *end, *last;
  for (const char *p = skip_words(line, 1); *p && *p != '\n'; p = skip_words(p, 1)) {
    s64 size = (s64)parse_decimal(p, &end);
    if (end == p || *end != ' ') continue;
    parse_decimal(end + 1 + (end[1] == '-'), &last);
    if (last != end + 1 && *last == ' ') return size;
  }
  return 0;
}

// Bytes of modules as /proc/modules counts them.
static s64 module_bytes(void) {
  s64 sum = 0;
  for (const char *p = read_page("/proc/modules"); *p; p = next_line(p)) sum += module_size(p);
  return sum;
}

// Bytes of areas whose caller is the module loader: "start-end  size caller pages=n ...". Of a large
// one ("vpages") the array of page pointers is listed as an area of its own.
static s64 module_area_bytes(void) {
  s64 sum = 0;
  const char *end;
  for (const char *p = read_page("/proc/vmallocinfo"); *p; p = next_line(p)) {
    const char *caller = skip_words(p, 2), *pages = skip_words(caller, 1);
    if ((starts_with(caller, "load_module+") || starts_with(caller, "execmem_")) &&
        starts_with(pages, "pages=")) {
      s64 count = (s64)parse_decimal(pages + 6, &end);
      sum += count * 4096;
      if (starts_with(skip_words(pages, 2), "vpages")) sum -= (count * (s64)sizeof(void *) + 4095) & -4096;
    }
  }
  return sum;
}

// All bytes the kernel has in vmalloc memory, from /proc/meminfo.
static s64 vmalloc_bytes(void) {
  const char *end;
  for (const char *p = read_page("/proc/meminfo"); *p; p = next_line(p))
    if (starts_with(p, "VmallocUsed:")) return (s64)parse_decimal(skip_words(p, 1), &end) * 1024;
  return 0;
}

// A module's init memory is freed by a worker after a grace period. It is gone when the areas of
// the loader add up to what /proc/modules says the modules hold. Listing the areas is slow, so
// first see whether the kernel's total exceeds the modules' by as much as last time. Areas of the
// loader's allocator that were there before any module belong to somebody else (trampolines, BPF).
s32 settle(s32 timeout_ms) {
  static s64 others = -1, before = -1;
  u64 deadline = after_ms(timeout_ms);
  if (before < 0) before = module_bytes() == 0 ? module_area_bytes() : 0;
  for (;;) {
    s64 modules = module_bytes();
    if (vmalloc_bytes() - modules == others) return 0;
    if (module_area_bytes() - before == modules) {
      others = vmalloc_bytes() - modules;
      return 0;
    }
    if (past(deadline)) return -ETIME;
    sleep_us(POLL_US);
  }
}
