// SPDX-License-Identifier: MIT
// modprobe, insmod, rmmod, lsmod, modinfo, coldplug, storm and modstorm in one static program:
// it asks the model over the module port. The name it was started by says which it is.
#include "applets.h"
#include "channel.h"
#include "lib.h"

__asm__(
    ".globl _start\n_start:\n\t"
    "xor %ebp, %ebp\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %eax\n\tcall entry\n");

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
} applets[] = {
    {"modprobe", modprobe_applet}, {"insmod", insmod_applet},     {"rmmod", rmmod_applet},
    {"lsmod", lsmod_applet},       {"modinfo", modinfo_applet},   {"coldplug", coldplug_applet},
    {"storm", storm_applet},       {"modstorm", modstorm_applet},
};

char **environment;

__attribute__((used)) void entry(u32 *stack) {
  int argc = (int)stack[0];
  char **argv = (char **)(stack + 1);
  environment = argv + argc + 1;
  const char *base = argc > 0 ? argv[0] : "";
  for (const char *s = base; *s; s++)
    if (*s == '/' && s[1]) base = s + 1;
  for (u32 i = 0; i < sizeof applets / sizeof applets[0]; i++) {
    if (!same(base, applets[i].name)) continue;
    const char *problem = channel_start();
    if (problem) {
      put(2, base), put(2, ": "), put(2, problem), put(2, "\n");
      sys1(SYS_exit, 1);
    }
    sys1(SYS_exit, applets[i].run(argc, argv));
  }
  put(2, base), put(2, ": not a name this program has\n");
  sys1(SYS_exit, 127);
}
