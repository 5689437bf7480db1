// SPDX-License-Identifier: MIT
/** Which of the model's address spaces a vmallocinfo is of: addresses and callers tell. */
import { ADDRESS_SPACES, type AddressSpacePreset, windowAround } from '../presets/index.ts';
import type { SeenSpace } from './facts.ts';

/** Start of the direct map on x86-64 with four levels (Documentation/arch/x86/x86_64/mm.rst). */
const X86_64_DIRECT_MAP = 0xffff888000000000n;
/** Above it begin vmemmap, KASAN's shadow and the fixed maps. */
const X86_64_ABOVE = 0xfffff00000000000n;
/** Kernel image and modules of x86-64: the last 2 GiB. */
const X86_64_IMAGE = 0xffffffff80000000n;
const ARM64_LOWEST = 0xffff800000000000n;
/** MODULES_VADDR and PAGE_OFFSET of arm with the usual split. */
const ARM_MODULES = [0xbf000000n, 0xc0000000n] as const;
/** Functions that only arm and the boards of a device tree have. */
const ARM_CALLER = /^(?:iotable_init|atomic_pool_init|of_iomap|map_lowmem|l2x0_|gic_)/;

/** The preset, its window where the areas are; undefined where the model has none such. */
export function presetOf(space: SeenSpace): AddressSpacePreset | undefined {
  const name = nameOf(space);
  const preset = name === undefined ? undefined : ADDRESS_SPACES.get(name);
  return preset === undefined ? undefined : windowAround(preset, space.text.join('\n')).preset;
}

function nameOf({ areas, digits }: SeenSpace): string | undefined {
  const starts = areas.flatMap(({ start }) => (start === undefined ? [] : [start]));
  if (starts.length === 0) return undefined;
  const lowest = starts.reduce((least, start) => (start < least ? start : least));
  if (digits <= 8) {
    const isArm = areas.some(
      ({ start, caller }) =>
        (start !== undefined && start >= ARM_MODULES[0] && start < ARM_MODULES[1]) ||
        ARM_CALLER.test(caller),
    );
    return isArm ? 'arm32' : undefined;
  }
  if (lowest >= ARM64_LOWEST && lowest < X86_64_DIRECT_MAP) return 'arm64';
  if (lowest >= X86_64_DIRECT_MAP && lowest < X86_64_ABOVE) return 'x86-64';
  return lowest >= X86_64_IMAGE ? 'x86-64' : undefined;
}
