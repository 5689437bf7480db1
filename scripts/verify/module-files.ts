// SPDX-License-Identifier: MIT
// The files a comparison works with: those of the built guest, and what a suite makes of them.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  findLinuxGuest,
  guestCacheOf,
  type LinuxGuestFiles,
  type LinuxVariant,
} from '../../emulator/linux/guest-cache.ts';
import type { ModuleSource } from '../../loader/module/index.ts';
import { InputError } from '../cli/input-error.ts';
import { openModuleDirectory } from '../cli/module-directory.ts';

export type ModuleFiles = ReadonlyMap<string, Uint8Array>;

/** All modules of the guest, its own and this project's, by file name. */
export function guestModules(guest: LinuxGuestFiles): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const directory of [guest.modules, guest.testModules]) {
    for (const name of readdirSync(directory)) {
      files.set(name, new Uint8Array(readFileSync(join(directory, name))));
    }
  }
  return files;
}

/** The same, and those of a directory of the user's beside them. */
export function guestFiles(guest: LinuxGuestFiles, directory?: string): ModuleFiles {
  const files = guestModules(guest);
  if (directory === undefined) return files;
  for (const module of openModuleDirectory(directory).files) {
    files.set(module.path, module.read());
  }
  return files;
}

/**
 * The built guest, which lies in the checkout, beside the bundle's directory. `who` is for the
 * InputError when there is none; `kernel` is another bzImage of the same build.
 */
export function openGuest(variant: LinuxVariant, who: string, kernel?: string): LinuxGuestFiles {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  const guest = findLinuxGuest(guestCacheOf(root), variant);
  if (typeof guest === 'string') {
    throw new InputError({ file: who, expected: 'a built Linux guest', found: guest });
  }
  return kernel === undefined ? guest : { ...guest, bzImage: kernel };
}

export function sourceOf(files: ModuleFiles, release: string): ModuleSource {
  return {
    name: 'verify',
    release,
    files: [...files]
      .map(([path, bytes]) => ({ path, size: bytes.length, read: () => bytes }))
      .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
    metadata: {},
  };
}
