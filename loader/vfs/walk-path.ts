// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';

/** PATH_MAX, with its NUL, and NAME_MAX (include/uapi/linux/limits.h). */
const PATH_MAX = 4096;
export const NAME_MAX = 255;

export type PathKind = 'file' | 'directory' | undefined;

/**
 * Goes down an absolute path name by name, as link_path_walk() does (fs/namei.c, Linux 6.12): 0 when
 * something is there, or the negative errno of open(2). What a name hangs on has to be a directory,
 * before `.` and `..` and at a slash at the end, too. `kindOf` tells of paths without such names.
 */
export function walkPath(path: string, kindOf: (path: string) => PathKind): number {
  const bytes = new TextEncoder().encode(path).length;
  if (bytes >= PATH_MAX) return -ERRNO.ENAMETOOLONG;
  let at = '/';
  let kind: PathKind = 'directory';
  for (const name of path.split('/').slice(1)) {
    if (kind === undefined) return -ERRNO.ENOENT;
    if (kind === 'file') return -ERRNO.ENOTDIR;
    if (name === '' || name === '.') continue;
    if (new TextEncoder().encode(name).length > NAME_MAX) return -ERRNO.ENAMETOOLONG;
    if (name === '..') at = at.slice(0, at.lastIndexOf('/')) || '/';
    else at = at === '/' ? `/${name}` : `${at}/${name}`;
    kind = kindOf(at);
  }
  return kind === undefined ? -ERRNO.ENOENT : 0;
}
