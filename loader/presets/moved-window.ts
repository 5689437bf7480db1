// SPDX-License-Identifier: MIT
/**
 * Windows that depend on the boot: a randomised base on x86-64, the amount of RAM on arm. The areas
 * of a vmallocinfo tell where the window is.
 */
import type { AddressRange, AddressSpacePreset } from './address-spaces.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/**
 * Steps at which the window can begin. x86-64 draws its base in whole PUDs (kernel_randomize_memory,
 * arch/x86/mm/kaslr.c); arm begins at the next 8 MiB above the direct map (VMALLOC_START,
 * arch/arm/include/asm/pgtable.h), Linux 6.12.
 */
const STEP: Partial<Record<AddressSpacePreset['arch'], number>> = {
  'x86-64': GIB,
  arm32: 8 * MIB,
};

/** The name of a moved window: the preset's and where it begins. */
const MOVED = /^([a-z][\w-]*)@0x([0-9a-f]{1,16})$/;

export interface MovedWindow {
  readonly preset: AddressSpacePreset;
  /** One sentence for people; undefined when nothing was moved. */
  readonly note?: string;
}

/**
 * `preset`, its window moved so far that it holds all areas of `vmallocinfo`. The window stays where
 * the areas fit, where the architecture's window is fixed, and where no window could hold them.
 * Model: the lowest area is taken to lie in the first step of the window, which the kernel's own
 * early areas do.
 */
export function windowAround(preset: AddressSpacePreset, vmallocinfo: string): MovedWindow {
  const step = STEP[preset.arch];
  if (step === undefined) return { preset };
  const { vmallocStart: start, vmallocEnd: end } = preset;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = 0;
  for (const area of rangesOf(preset, vmallocinfo)) {
    if (isIn(area, preset.modules)) continue;
    lowest = Math.min(lowest, area.start);
    highest = Math.max(highest, area.end);
  }
  if (highest === 0 || (lowest >= start && highest <= end)) return { preset };
  const moved = Math.floor(lowest / step) * step;
  const made = movedTo(preset, moved);
  if (made === undefined || highest > made.vmallocEnd) return { preset };
  const at = (preset.base + BigInt(moved)).toString(16);
  return {
    preset: made,
    note: `the vmalloc window of ${preset.name} is taken to begin at 0x${at}: the areas of machine.initial lie there (a guess: only the kernel knows)`,
  };
}

/** The preset that a name like `arm32@0xc2800000` tells; undefined for other names. */
export function movedPreset(
  name: string,
  presets: ReadonlyMap<string, AddressSpacePreset>,
): AddressSpacePreset | undefined {
  const found = MOVED.exec(name);
  const preset = found === null ? undefined : presets.get(found[1]!);
  if (preset === undefined) return undefined;
  return movedTo(preset, Number(BigInt(`0x${found![2]}`) - preset.base));
}

/** On 64 bits the window keeps its size, on arm its end. */
function movedTo(preset: AddressSpacePreset, start: number): AddressSpacePreset | undefined {
  const keepsSize = preset.wordBits === 64;
  const end = keepsSize ? start + (preset.vmallocEnd - preset.vmallocStart) : preset.vmallocEnd;
  const { modules } = preset;
  const above = modules === 'vmalloc' || keepsSize ? 0 : modules.end;
  const below = modules === 'vmalloc' || !keepsSize ? Number.POSITIVE_INFINITY : modules.start;
  if (!(start > above && start < end && end <= below)) return undefined;
  const name = `${preset.name}@0x${(preset.base + BigInt(start)).toString(16)}`;
  return { ...preset, name, vmallocStart: start, vmallocEnd: end };
}

function isIn(area: AddressRange, range: AddressSpacePreset['modules']): boolean {
  return range !== 'vmalloc' && area.start >= range.start && area.end <= range.end;
}

/** Ranges of the lines; what is no line of vmallocinfo is another's to refuse. */
function* rangesOf({ base, wordBits }: AddressSpacePreset, text: string): Generator<AddressRange> {
  for (const [, from, to] of text.matchAll(/^\s*0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\s/gim)) {
    const start = BigInt(`0x${from}`);
    const end = BigInt(`0x${to}`);
    if (start < base || end <= start || end >> BigInt(wordBits) !== 0n) continue;
    yield { start: Number(start - base), end: Number(end - base) };
  }
}
