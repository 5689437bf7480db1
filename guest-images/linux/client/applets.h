// SPDX-License-Identifier: MIT
// The programs; each returns its exit status.
#ifndef APPLETS_H
#define APPLETS_H

int modprobe_applet(int argc, char **argv);
int insmod_applet(int argc, char **argv);
int rmmod_applet(int argc, char **argv);
int lsmod_applet(int argc, char **argv);
int modinfo_applet(int argc, char **argv);
int coldplug_applet(int argc, char **argv);
int storm_applet(int argc, char **argv);
int modstorm_applet(int argc, char **argv);

// Prints "PROGRAM: WHAT: WHY" and returns 1.
int complain(const char *program, const char *what, const char *why);
// The error's usual words; "error N" for a rare one.
const char *error_text(int error);

// A modprobe that finds the variable waits before it asks until nobody holds the other end of this pipe.
#define GATE_VARIABLE "MODSTORM_GATE=9"
enum { GATE_FD = 9 };
extern char **environment;

#endif
