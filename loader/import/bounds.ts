// SPDX-License-Identifier: MIT
/** Where the address space of the machine begins and ends, from whatever tells it. */
import { absoluteAddress, PAGE_SIZE } from '../base/index.ts';
import { ADDRESS_SPACES, type AddressSpacePreset } from '../presets/index.ts';
import { presetOf } from './architecture.ts';
import type { Facts, SeenSpace } from './facts.ts';
import type { Bounds } from './space-report.ts';

const KIB = 1024n;
const MIB = 1024n * 1024n;

/** The vmalloc window: boot log, then trace, then meminfo with the areas, then the areas alone. */
export function vmallocBounds(facts: Facts, space: SeenSpace | undefined): Bounds | undefined {
  if (facts.vmallocWindow !== undefined) return { ...facts.vmallocWindow, exact: true };
  const searched = traceWindow(facts);
  if (searched !== undefined) return searched;
  const made = space === undefined ? undefined : presetOf(space);
  if (made !== undefined) {
    return { ...absolute(made), from: `address space ${made.name}`, exact: false };
  }
  const known = (space?.areas ?? []).filter(({ start }) => start !== undefined);
  if (known.length === 0) return undefined;
  const lowest = known.reduce(
    (least, { start }) => (start! < least ? start! : least),
    known[0]!.start!,
  );
  const highest = known.reduce((most, { end }) => (end! > most ? end! : most), 0n);
  const total = facts.meminfo.get('VmallocTotal');
  const preset = presetAround(lowest, highest, total);
  if (preset !== undefined) {
    return {
      ...absolute(preset),
      from: `address space ${preset.name}`,
      exact: total !== undefined,
    };
  }
  if (total !== undefined && lowest < 1n << 32n) {
    const bytes = BigInt(total) * KIB;
    // 32-bit x86 ends two pages below a multiple of 4 MiB, arm at one of 8 MiB.
    const x86End =
      ((highest + 2n * BigInt(PAGE_SIZE) + 4n * MIB - 1n) / (4n * MIB)) * 4n * MIB -
      2n * BigInt(PAGE_SIZE);
    if (x86End - bytes <= lowest && x86End > highest - 1n) {
      return {
        start: x86End - bytes,
        end: x86End,
        from: 'VmallocTotal of meminfo and the highest area',
        exact: false,
      };
    }
    const armEnd = 0xff800000n;
    if (highest <= armEnd && armEnd - bytes <= lowest) {
      return {
        start: armEnd - bytes,
        end: armEnd,
        from: 'VmallocTotal of meminfo and VMALLOC_END of arm',
        exact: false,
      };
    }
  }
  return { start: lowest, end: highest, from: 'the lowest and the highest area', exact: false };
}

/** The area that holds only modules: boot log, then what the architecture has. */
export function moduleBounds(facts: Facts, space: SeenSpace | undefined): Bounds | undefined {
  if (facts.modulesWindow !== undefined) return { ...facts.modulesWindow, exact: true };
  const preset = space === undefined ? undefined : presetOf(space);
  if (preset === undefined || preset.modules === 'vmalloc') return undefined;
  return {
    start: absoluteAddress(preset, preset.modules.start),
    end: absoluteAddress(preset, preset.modules.end),
    from: `address space ${preset.name}`,
    exact: false,
  };
}

function absolute(preset: AddressSpacePreset): { readonly start: bigint; readonly end: bigint } {
  return {
    start: absoluteAddress(preset, preset.vmallocStart),
    end: absoluteAddress(preset, preset.vmallocEnd),
  };
}

/** The range most allocations of a trace searched. */
function traceWindow({ windows }: Facts): Bounds | undefined {
  let most: { start: bigint; end: bigint; count: number } | undefined;
  for (const window of windows.values()) {
    if (most === undefined || window.count > most.count) most = window;
  }
  return most === undefined
    ? undefined
    : { start: most.start, end: most.end, from: 'vstart= and vend= of the trace', exact: true };
}

/** A bundled 32-bit space that holds all areas and has the size meminfo tells. */
function presetAround(
  lowest: bigint,
  highest: bigint,
  totalKib: number | undefined,
): AddressSpacePreset | undefined {
  for (const preset of ADDRESS_SPACES.values()) {
    if (preset.wordBits !== 32) continue;
    const { start, end } = absolute(preset);
    if (lowest < start || highest > end) continue;
    if (totalKib === undefined) {
      // Without a size only a snug fit is taken: the first area is at the window's start.
      if (lowest - start > 16n * BigInt(PAGE_SIZE) || end - highest > 4n * MIB) continue;
    } else if (end - start !== BigInt(totalKib) * KIB) continue;
    return preset;
  }
  return undefined;
}
