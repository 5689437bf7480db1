/** Real modules, where a machine has them. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');

function collect(folder: string, found: string[]): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) collect(path, found);
    else if (entry.isFile() && entry.name.endsWith('.ko')) found.push(path);
  }
}

/** All `.ko` files under a folder, sorted; none when it is not there. */
export function modulesUnder(folder: string | undefined): string[] {
  const found: string[] = [];
  if (folder && existsSync(folder)) collect(folder, found);
  return found.sort();
}

const fromEnv = (name: string, inRoot: string) => process.env[name] ?? join(ROOT, inRoot);

/** Modules of Debian's i386 6.1 kernel. */
export const DEBIAN_MODULES = modulesUnder(
  fromEnv('MODSTORM_DEBIAN_MODULES', '.cache/debian/i386'),
);

/** Modules of a 6.12 kernel built for the Linux guest. */
export const GUEST_MODULES = [
  ...modulesUnder(join(ROOT, '.cache/guest-linux')),
  ...modulesUnder(process.env.MODSTORM_GUEST_MODULES),
];
