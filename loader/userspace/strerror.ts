// SPDX-License-Identifier: MIT
import { ERRNO, errnoName } from '../base/index.ts';

const TEXTS: Readonly<Record<number, string>> = {
  [ERRNO.EPERM]: 'Operation not permitted',
  [ERRNO.ENOENT]: 'No such file or directory',
  [ERRNO.EINTR]: 'Interrupted system call',
  [ERRNO.EIO]: 'Input/output error',
  [ERRNO.ENOEXEC]: 'Exec format error',
  [ERRNO.EAGAIN]: 'Resource temporarily unavailable',
  [ERRNO.ENOMEM]: 'Cannot allocate memory',
  [ERRNO.EFAULT]: 'Bad address',
  [ERRNO.EBUSY]: 'Device or resource busy',
  [ERRNO.EEXIST]: 'File exists',
  [ERRNO.EINVAL]: 'Invalid argument',
  [ERRNO.ETXTBSY]: 'Text file busy',
  [ERRNO.EFBIG]: 'File too large',
  [ERRNO.EOPNOTSUPP]: 'Operation not supported',
  [ERRNO.EKEYREJECTED]: 'Key was rejected by service',
};

/** strerror(3) of glibc for a negative errno; a number it lacks is given by its kernel name. */
export function strerror(ret: number): string {
  return TEXTS[-ret] ?? errnoName(ret);
}
