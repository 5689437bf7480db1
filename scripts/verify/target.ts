// SPDX-License-Identifier: MIT
// What a comparison runs on: an emulated machine with a real kernel, and the model of both.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DEFAULT_GUEST_SERIES,
  findLinuxGuest,
  guestCacheOf,
  type LinuxGuestFiles,
  type LinuxVariant,
} from '../../emulator/linux/guest-cache.ts';
import type { GuestHost } from '../../emulator/linux/guest-host.ts';
import { QEMU_HOST } from '../../emulator/linux/qemu-host.ts';
import { V86_HOST } from '../../emulator/linux/v86-host.ts';
import type { KernelFeatures } from '../../loader/presets/index.ts';
import { InputError } from '../cli/input-error.ts';
import { findQemuGuest, qemuCacheOf } from './qemu-guest.ts';

export const MACHINES = ['v86', 'qemu-x86_64'] as const;
export type MachineName = (typeof MACHINES)[number];

export interface VerifyTarget {
  readonly machine: MachineName;
  readonly host: GuestHost;
  readonly guest: LinuxGuestFiles;
  /** The model's preset, and what the kernel's configuration changes of it. */
  readonly kernel: string;
  readonly features: Partial<KernelFeatures>;
  /** Whether stacks of threads lie in the vmalloc space (CONFIG_VMAP_STACK). */
  readonly vmapStack: boolean;
  /** The model's address space. */
  readonly vmalloc: string;
  readonly memoryMb: number;
}

/** Presets of the series that can be run. */
const PRESETS: Readonly<Record<string, string>> = { '6.12': 'v6.12', '6.1': 'v6.1' };

export interface TargetWish {
  readonly machine?: MachineName | undefined;
  /** Such as v6.1; by default the newest there is a guest of. */
  readonly kernel?: string | undefined;
  readonly variant?: LinuxVariant | undefined;
  /** Another bzImage. */
  readonly bzImage?: string | undefined;
}

/** The target, or an InputError that says what is missing and how to get it. */
export function openTarget(wish: TargetWish, who: string): VerifyTarget {
  const series = (wish.kernel ?? DEFAULT_GUEST_SERIES).replace(/^v/, '').replace(/-stable$/, '');
  const kernel = PRESETS[series];
  if (kernel === undefined) {
    const expected = Object.values(PRESETS).join(' or ');
    throw new InputError({ file: '--kernel', expected, found: JSON.stringify(wish.kernel) });
  }
  if (wish.bzImage !== undefined && !existsSync(wish.bzImage)) {
    const found = `no file ${wish.bzImage}`;
    throw new InputError({ file: '--guest-kernel', expected: 'a bzImage', found });
  }
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  const qemu = wish.machine === 'qemu-x86_64';
  const found = qemu
    ? findQemuGuest(qemuCacheOf(root), series)
    : findLinuxGuest(guestCacheOf(root), wish.variant ?? 'xz', series);
  if (typeof found === 'string') {
    throw new InputError({ file: who, expected: 'a built Linux guest', found });
  }
  const guest = wish.bzImage === undefined ? found : { ...found, bzImage: wish.bzImage };
  return qemu ? qemuTarget(guest, kernel) : v86Target(guest, kernel, wish.variant);
}

/** A built guest in v86. */
export function v86Target(
  guest: LinuxGuestFiles,
  kernel = 'v6.12',
  compression: LinuxVariant = 'xz',
): VerifyTarget {
  return {
    machine: 'v86',
    host: V86_HOST,
    guest,
    kernel,
    features: { compression },
    vmapStack: false,
    vmalloc: 'i386-highmem',
    memoryMb: V86_HOST.memoryMb,
  };
}

/** Debian's kernel in QEMU. */
export function qemuTarget(guest: LinuxGuestFiles, kernel: string): VerifyTarget {
  return {
    machine: 'qemu-x86_64',
    host: QEMU_HOST,
    guest,
    kernel,
    // Debian signs the modules of a package with the key that its kernel has.
    features: { ...featuresOfConfig(readFileSync(guest.config, 'utf8')), module_sig_key: true },
    vmapStack: true,
    vmalloc: 'x86-64',
    memoryMb: QEMU_HOST.memoryMb,
  };
}

/** The model's features that a kernel's configuration decides. */
export function featuresOfConfig(config: string): Partial<KernelFeatures> {
  const lines = new Set(config.split('\n'));
  const on = (option: string): boolean => lines.has(`CONFIG_${option}=y`);
  const format = (['gzip', 'xz', 'zstd'] as const).find((name) =>
    on(`MODULE_COMPRESS_${name.toUpperCase()}`),
  );
  const signed = on('MODULE_SIG_FORCE') ? 'enforce' : 'permissive';
  return {
    dups: on('MODULE_DEBUG_AUTOLOAD_DUPS') ? 'refcounted' : 'off',
    stats: on('MODULE_STATS'),
    compression: on('MODULE_DECOMPRESS') && format !== undefined ? format : 'none',
    kallsyms: on('KALLSYMS'),
    kallsyms_all: on('KALLSYMS_ALL'),
    module_unload: on('MODULE_UNLOAD'),
    module_force_load: on('MODULE_FORCE_LOAD'),
    module_force_unload: on('MODULE_FORCE_UNLOAD'),
    strict_module_rwx: on('STRICT_MODULE_RWX'),
    constructors: on('CONSTRUCTORS'),
    livepatch: on('LIVEPATCH'),
    dynamic_debug: on('DYNAMIC_DEBUG_CORE'),
    smp: on('SMP'),
    nx: on('X86_64') || on('X86_PAE'),
    module_sig: on('MODULE_SIG') ? signed : 'off',
  };
}
