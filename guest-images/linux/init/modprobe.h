// SPDX-License-Identifier: MIT
// The program the kernel's request_module() runs: `modprobe -q -- name`.
#ifndef MODPROBE_H
#define MODPROBE_H
#include "text.h"

s32 modprobe_main(s32 argc, char **argv);
#endif
