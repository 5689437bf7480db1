// SPDX-License-Identifier: MIT
/** KMOD_PATH_LEN, include/linux/umh.h, Linux 6.12: terminator included. */
const KMOD_PATH_LEN = 256;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The buffer `modprobe_path` behind /proc/sys/kernel/modprobe (kernel/module/kmod.c; proc_dostring,
 * kernel/sysctl.c, Linux 6.12). Whoever runs the helper reads it at that moment.
 */
export class ModprobePath {
  #path: string;

  constructor(initial = '/sbin/modprobe') {
    this.#path = cut(initial);
  }

  get path(): string {
    return this.#path;
  }

  read(): string {
    return `${this.#path}\n`;
  }

  /** One write from the start of the file: up to a newline or NUL, 255 bytes at most. Returns 0. */
  write(text: string): number {
    this.#path = cut(text);
    return 0;
  }
}

function cut(text: string): string {
  const end = text.search(/[\n\0]/);
  const line = end < 0 ? text : text.slice(0, end);
  const bytes = encoder.encode(line);
  return bytes.length < KMOD_PATH_LEN ? line : decoder.decode(bytes.subarray(0, KMOD_PATH_LEN - 1));
}
