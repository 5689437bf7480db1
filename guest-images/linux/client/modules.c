// SPDX-License-Identifier: MIT
// insmod, rmmod, lsmod, modinfo.
#include "applets.h"
#include "channel.h"
#include "lib.h"

enum { ROOM = 16384, COMPRESSED_FILE = 4 };

int complain(const char *program, const char *what, const char *why) {
  put(2, program), put(2, ": "), put(2, what), put(2, ": "), put(2, why), put(2, "\n");
  return 1;
}

const char *error_text(int error) {
  static char other[24];
  switch (error) {
    case 1: return "Operation not permitted";
    case 2: return "Unknown symbol in module, or unknown parameter (see modstorm dmesg)";
    case 5: return "the host did not understand";
    case 8: return "Invalid module format";
    case 11: return "Resource temporarily unavailable";
    case 12: return "Cannot allocate memory";
    case 16: return "Device or resource busy";
    case 17: return "File exists";
    case 22: return "Invalid argument";
    case 26: return "Text file busy";
    case 110: return "Connection timed out";
    default:
      other[0] = 0;
      append(other, sizeof other, "error ");
      append_number(other, sizeof other, (u32)error);
      return other;
  }
}

static int ends_with(const char *s, const char *end) {
  u32 n = text_length(s), m = text_length(end);
  return n >= m && same(s + n - m, end);
}

int insmod_applet(int argc, char **argv) {
  static char args[ROOM];
  if (argc < 2) return complain("insmod", "ERROR", "missing filename.");
  if (argv[1][0] == '-') return complain("insmod", argv[1], "the model does not force modules");
  for (int i = 2; i < argc; i++) {
    if (i > 2) append(args, ROOM, " ");
    append(args, ROOM, argv[i]);
  }
  s32 fd = sys3(SYS_open, argv[1], O_RDONLY, 0);
  if (fd < 0) return complain("insmod", argv[1], fd == -ENOENT ? "No such file or directory" : error_text(-fd));
  sys1(SYS_close, fd);
  int compressed = ends_with(argv[1], ".xz") || ends_with(argv[1], ".gz") || ends_with(argv[1], ".zst");
  struct answer answer;
  if (channel_call(OP_FINIT, compressed ? COMPRESSED_FILE : 0, argv[1], args, &answer)) return complain("insmod", argv[1], error_text(5));
  if (answer.length > 0) put_bytes(2, answer.bytes, answer.length);
  if (answer.value < 0) return complain("insmod: ERROR: could not insert module", argv[1], error_text(-answer.value));
  return 0;
}

int rmmod_applet(int argc, char **argv) {
  int status = 0, given = 0;
  u32 flags = 0x800;  // O_NONBLOCK
  for (int i = 1; i < argc; i++) {
    if (same(argv[i], "-f") || same(argv[i], "--force")) flags |= O_TRUNC;
    else if (argv[i][0] == '-' && !same(argv[i], "-v") && !same(argv[i], "-s")) return complain("rmmod", argv[i], "unrecognized option");
  }
  for (int i = 1; i < argc; i++) {
    if (argv[i][0] == '-') continue;
    given = 1;
    char name[256] = "";
    append(name, sizeof name, argv[i]);
    for (char *s = name; *s; s++)
      if (*s == '-') *s = '_';
    struct answer answer;
    if (channel_call(OP_DELETE, flags, name, "", &answer)) status = complain("rmmod", name, error_text(5));
    else if (answer.value == -2) status = complain("rmmod: ERROR: Module", name, "is not currently loaded");
    else if (answer.value == -11) status = complain("rmmod: ERROR: Module", name, "is in use");
    else if (answer.value < 0) status = complain("rmmod: ERROR: could not remove", name, error_text(-answer.value));
  }
  return given ? status : complain("rmmod", "ERROR", "missing module name.");
}

static void put_padded(const char *s, u32 length, u32 width, int right) {
  u32 fill = length < width ? width - length : 0;
  if (!right) put_bytes(1, s, length);
  while (fill--) put(1, " ");
  if (right) put_bytes(1, s, length);
}

// The fields of a line of /proc/modules: name, size, uses, users.
static char *put_module(char *line) {
  char *at[4];
  u32 length[4];
  for (int field = 0; field < 4; field++) {
    at[field] = line;
    while (*line && *line != ' ' && *line != '\n') line++;
    length[field] = (u32)(line - at[field]);
    if (*line == ' ') line++;
  }
  put_padded(at[0], length[0], 19, 0);
  put(1, " ");
  put_padded(at[1], length[1], 8, 1);
  put(1, "  ");
  put_bytes(1, at[2], length[2]);
  if (length[3] > 1) put(1, " "), put_bytes(1, at[3], length[3] - 1);
  put(1, "\n");
  while (*line && *line != '\n') line++;
  return *line ? line + 1 : line;
}

int lsmod_applet(int argc, char **argv) {
  if (argc > 1) return complain("lsmod", argv[1], "takes no arguments");
  struct answer answer;
  if (channel_call(OP_READ, 0, "/proc/modules", "", &answer)) return complain("lsmod", "/proc/modules", error_text(5));
  put(1, "Module                  Size  Used by\n");
  for (char *line = answer.bytes; *line;) line = put_module(line);
  return 0;
}

int modinfo_applet(int argc, char **argv) {
  int status = 0;
  if (argc < 2) return complain("modinfo", "ERROR", "missing module or filename.");
  for (int i = 1; i < argc; i++) {
    struct answer answer;
    if (channel_call(OP_MODINFO, 0, argv[i], "", &answer)) status = complain("modinfo", argv[i], error_text(5));
    else if (answer.value < 0) status = complain("modinfo: ERROR: Module", argv[i], "not found.");
    else put_bytes(1, answer.bytes, answer.length);
  }
  return status;
}
