// SPDX-License-Identifier: MIT
/**
 * Kernel error numbers (include/uapi/asm-generic/errno*.h, Linux 6.12). A simulated call returns
 * the negative number, as a system call does inside the kernel.
 */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENOEXEC: 8,
  EBADF: 9,
  EAGAIN: 11,
  EWOULDBLOCK: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  ERANGE: 34,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ELOOP: 40,
  ENODATA: 61,
  ETIME: 62,
  ENOPKG: 65,
  EBADMSG: 74,
  EOPNOTSUPP: 95,
  ENOKEY: 126,
  EKEYREJECTED: 129,
  ERESTARTSYS: 512,
} as const;

export type ErrnoName = keyof typeof ERRNO;

const NAME_BY_NUMBER = new Map<number, string>();
for (const [name, value] of Object.entries(ERRNO)) {
  if (!NAME_BY_NUMBER.has(value)) NAME_BY_NUMBER.set(value, name);
}

/** `-17` → `"EEXIST"`; a number the table lacks → its digits. */
export function errnoName(ret: number): string {
  return NAME_BY_NUMBER.get(-ret) ?? String(ret);
}
