// SPDX-License-Identifier: MIT
/** Which files of modprobe.d libkmod reads, and in which order (kmod_config_new, kmod 30). */

/** One file of modprobe.d. */
export interface ConfFile {
  /** `/etc/modprobe.d/blacklist.conf` */
  readonly path: string;
  readonly text: string;
}

/** In order of precedence: a file name in one hides the same name in those after it. */
export const CONF_DIRECTORIES = [
  '/etc/modprobe.d',
  '/run/modprobe.d',
  '/usr/local/lib/modprobe.d',
  '/lib/modprobe.d',
] as const;

/** Debian's /lib is a link: both paths name one directory. */
const LINKED: Readonly<Record<string, string>> = { '/usr/lib/modprobe.d': '/lib/modprobe.d' };

/**
 * The files read for `paths` (directories or single files), in the order of their names, with
 * modules.softdep of the modules directory in its place among them.
 */
export function confFilesInOrder(
  files: readonly ConfFile[],
  softdep: ConfFile,
  paths: readonly string[] = CONF_DIRECTORIES,
): readonly ConfFile[] {
  const chosen = new Map<string, ConfFile>([[nameOf(softdep.path), softdep]]);
  const add = (file: ConfFile): void => {
    const name = nameOf(file.path);
    if (!chosen.has(name)) chosen.set(name, file);
  };
  for (const path of paths) {
    const single = files.find((file) => file.path === path);
    if (single) {
      add(single);
      continue;
    }
    const directory = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    for (const file of files) {
      if (directoryOf(file.path) === directory && isConfName(nameOf(file.path))) add(file);
    }
  }
  return [...chosen].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, file]) => file);
}

/** conf_files_filter_out() */
export function isConfName(name: string): boolean {
  return !name.startsWith('.') && name.length >= 6 && /\.(conf|alias)$/.test(name);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function directoryOf(path: string): string {
  const directory = path.slice(0, path.lastIndexOf('/'));
  return LINKED[directory] ?? directory;
}
