// SPDX-License-Identifier: MIT
/** Names as libkmod compares them (shared/util.c, kmod 30). */

/** modname_normalize(): dashes become underscores, the name ends at its first dot. */
export function normalizeModuleName(name: string): string {
  const dot = name.indexOf('.');
  return (dot < 0 ? name : name.slice(0, dot)).replaceAll('-', '_');
}

/** path_to_modname(): `kernel/crypto/dm-mod.ko.xz` → `dm_mod`. */
export function pathToModuleName(path: string): string {
  return normalizeModuleName(path.slice(path.lastIndexOf('/') + 1));
}

/**
 * alias_normalize() and underscores(): dashes outside `[…]` become underscores. Undefined for a
 * `[` or `]` without its partner (-EINVAL).
 */
export function normalizeAlias(alias: string): string | undefined {
  if (!alias.includes('[') && !alias.includes(']')) return alias.replaceAll('-', '_');
  let out = '';
  for (let i = 0; i < alias.length; i += 1) {
    const char = alias[i]!;
    if (char === ']') return undefined;
    if (char === '[') {
      const end = alias.indexOf(']', i);
      if (end < 0) return undefined;
      out += alias.slice(i, end + 1);
      i = end;
    } else {
      out += char === '-' ? '_' : char;
    }
  }
  return out;
}

const EXTENSION = /\.ko(\.gz|\.xz|\.zst)?$/;

/** path_ends_with_kmod_ext() */
export function hasModuleExtension(path: string): boolean {
  return EXTENSION.test(path);
}

/** `fs/xfs/xfs.ko.xz` → `fs/xfs/xfs.ko`, the form modules.order uses. */
export function uncompressedPath(path: string): string {
  return path.replace(EXTENSION, '.ko');
}
