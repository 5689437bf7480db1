// SPDX-License-Identifier: MIT
// modstorm: the model's files, and the session that init starts.
#include "applets.h"
#include "channel.h"
#include "lib.h"

enum { TIOCSCTTY = 0x540e, TIOCSWINSZ = 0x5414, SYS_setsid = 66, LOOK_US = 300000 };

static const char *shell_env[] = {
    "PATH=/sbin:/usr/sbin:/bin:/usr/bin", "HOME=/root", "TERM=xterm-256color", "PS1=modstorm# ", "USER=root",
    "ENV=/etc/modstorm.sh", 0,
};

static int cat(const char *path) {
  struct answer answer;
  if (channel_call(OP_READ, 0, path, "", &answer)) return complain("modstorm", path, error_text(5));
  if (answer.value < 0) return complain("modstorm", path, answer.value == -2 ? "the model has no such file" : error_text(-answer.value));
  put_bytes(1, answer.bytes, answer.length);
  return 0;
}

static int write_to(const char *path, const char *text) {
  struct answer answer;
  if (channel_call(OP_WRITE, 0, path, text, &answer)) return complain("modstorm", path, error_text(5));
  if (answer.value < 0) return complain("modstorm", path, error_text(-answer.value));
  return 0;
}

// "ROWS COLUMNS" and then a newline; what follows it.
static char *set_size(int terminal, char *text) {
  u16 size[4] = {0, 0, 0, 0};
  for (int i = 0; i < 2; i++) {
    while (*text == ' ') text++;
    for (; *text >= '0' && *text <= '9'; text++) size[i] = (u16)(size[i] * 10 + (*text - '0'));
  }
  if (size[0] && size[1]) sys3(SYS_ioctl, terminal, TIOCSWINSZ, size);
  while (*text && *text != '\n') text++;
  return *text ? text + 1 : text;
}

static s32 start_shell(const char *command) {
  s32 pid = sys0(SYS_fork);
  if (pid != 0) return pid;
  sys0(SYS_setsid);
  s32 fd = sys3(SYS_open, "/dev/ttyS0", O_RDWR, 0);
  if (fd >= 0) {
    sys3(SYS_ioctl, fd, TIOCSCTTY, 1);
    for (int to = 0; to < 3; to++) sys2(SYS_dup2, fd, to);
  }
  // A shell that runs a command does not read ENV.
  const char *with[] = {"sh", "-c", ". /etc/modstorm.sh\neval \"$1\"", "sh", command, 0};
  const char *without[] = {"-sh", 0};
  sys3(SYS_execve, "/bin/sh", command ? with : without, shell_env);
  sys1(SYS_exit, 127);
  return 0;
}

// What the host wants done, done; then the host is told.
static int session(void) {
  struct answer answer;
  if (channel_call(OP_WORK, 0, "", "", &answer)) return complain("modstorm", "session", error_text(5));
  char *command = set_size(0, answer.bytes);
  s32 shell = start_shell(*command ? command : 0);
  u32 status = 127 << 8;
  for (;;) {
    u32 one;
    s32 pid = sys4(SYS_wait4, -1, &one, *command ? 0 : WNOHANG, 0);
    if (pid == shell) status = one;
    if (pid == shell || (pid < 0 && pid != -EINTR)) break;
    if (pid == 0) {
      nap_us(LOOK_US);
      if (channel_call(OP_SIZE, 0, "", "", &answer) == 0 && answer.value > 0) set_size(0, answer.bytes);
    }
  }
  u32 code = (status & 0x7f) ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
  channel_call(OP_EXIT, code, "", "", &answer);
  return 0;
}

int modstorm_applet(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  int status = 0;
  if (same(what, "cat") && argc > 2) {
    for (int i = 2; i < argc; i++) status |= cat(argv[i]);
    return status;
  }
  if (same(what, "write") && argc == 4) return write_to(argv[2], argv[3]);
  if (same(what, "dmesg")) return cat("/dev/kmsg");
  if (same(what, "session") && argc == 2) return session();
  if (same(what, "exit")) {
    int ok = 1;
    u32 code = argc > 2 ? number_of(argv[2], &ok) : 0;
    struct answer answer;
    if (!ok) return complain("modstorm", argv[2], "not an exit status");
    return channel_call(OP_EXIT, code & 0xff, "", "", &answer) ? 1 : 0;
  }
  put(2, "usage: modstorm cat PATH... | write PATH TEXT | dmesg | exit [STATUS]\n"
         "  cat and write: files of the model's kernel, such as /proc/modules, /proc/vmallocinfo,\n"
         "  /sys/kernel/debug/modules/stats and /sys/module/NAME/...\n");
  return 2;
}
