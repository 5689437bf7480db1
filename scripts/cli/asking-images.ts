// SPDX-License-Identifier: MIT
// The images of the Linux guest that asks the model: the built ones, or the user's own.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAskingInitramfs } from '../../emulator/linux/asking-initramfs.ts';
import { findUserland, userlandCacheOf } from '../../emulator/linux/userland-cache.ts';
import type { ModuleSource } from '../../loader/module/index.ts';
import { openGuest } from '../verify/module-files.ts';
import { InputError } from './input-error.ts';
import { unreadable } from './module-walk.ts';

export interface AskingImages {
  readonly bios: Uint8Array;
  readonly bzImage: Uint8Array;
  readonly initramfs: Uint8Array;
}

export interface ImageChoice {
  /** Another bzImage than the built guest's. */
  readonly guestKernel?: string | undefined;
  /** Another initramfs than ours. */
  readonly initramfs?: string | undefined;
}

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
/** The boot protocol's mark (Documentation/arch/x86/boot.rst, Linux 6.12, "HdrS"). */
const HDRS = { at: 0x202, bytes: [0x48, 0x64, 0x72, 0x53] } as const;
/** Module files larger than this together are left out of the initramfs: it is all memory. */
const MOST_MODULE_BYTES = 48 * 2 ** 20;

/** Reads all parts; `warn` is told what had to be left out. Throws InputError. */
export function readImages(
  choice: ImageChoice,
  modules: { readonly root: string; readonly source: ModuleSource },
  warn: (text: string) => void,
): AskingImages {
  const guest = openGuest('xz', 'boot --guest linux', choice.guestKernel);
  const bios = new Uint8Array(readFileSync(guest.bios));
  const bzImage = readImage(guest.bzImage, 'a bzImage', (bytes) =>
    HDRS.bytes.every((byte, index) => bytes[HDRS.at + index] === byte)
      ? undefined
      : 'no "HdrS" at 0x202: no Linux boot image',
  );
  if (choice.initramfs !== undefined) {
    const initramfs = readImage(choice.initramfs, 'an initramfs', archiveProblem);
    return { bios, bzImage, initramfs };
  }
  const userland = findUserland(userlandCacheOf(ROOT));
  if (typeof userland === 'string') {
    throw new InputError({
      file: 'boot --guest linux',
      expected: 'a user space for the guest',
      found: userland,
    });
  }
  const client = join(ROOT, 'guest-images', 'linux', 'client');
  const file = (path: string): Uint8Array => new Uint8Array(readFileSync(path));
  const initramfs = buildAskingInitramfs({
    busybox: file(userland.busybox),
    client: file(userland.client),
    init: file(join(client, 'init.sh')),
    shell: file(join(client, 'shell.sh')),
    modules: moduleFiles(modules.root, modules.source, warn),
  });
  return { bios, bzImage, initramfs };
}

function moduleFiles(
  root: string,
  source: ModuleSource,
  warn: (text: string) => void,
): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const total = source.files.reduce((sum, { size }) => sum + size, 0);
  if (total > MOST_MODULE_BYTES) {
    const size = (total / 2 ** 20).toFixed(0);
    warn(
      `the guest's ${root} stays empty: ${source.files.length} files of ${size} MiB are too much for its memory; the model has them`,
    );
    return files;
  }
  for (const module of source.files) files.set(`${root}/${module.path}`, module.read());
  return files;
}

function readImage(
  path: string,
  expected: string,
  problemOf: (bytes: Uint8Array) => string | undefined,
): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(path));
  } catch (error) {
    throw unreadable(path, expected, error);
  }
  const problem = problemOf(bytes);
  if (problem !== undefined) throw new InputError({ file: path, expected, found: problem });
  return bytes;
}

/** cpio in the "newc" format, or compressed by what a kernel may unpack (lib/decompress.c). */
function archiveProblem(bytes: Uint8Array): string | undefined {
  const starts = (...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);
  const text = String.fromCharCode(...bytes.subarray(0, 6));
  if (text === '070701' || text === '070702') return undefined;
  const compressed =
    starts(0x1f, 0x8b) ||
    starts(0xfd, 0x37, 0x7a, 0x58, 0x5a) ||
    starts(0x28, 0xb5, 0x2f, 0xfd) ||
    starts(0x42, 0x5a, 0x68) ||
    starts(0x5d, 0, 0) ||
    starts(0x89, 0x4c, 0x5a, 0x4f) ||
    starts(0x02, 0x21, 0x4c, 0x18);
  return compressed ? undefined : 'neither a cpio archive ("newc") nor a compressed one';
}
