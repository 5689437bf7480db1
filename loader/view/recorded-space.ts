// SPDX-License-Identifier: MIT
/** The address space of a run that is read back from its files. */
import { KernelLog } from '../engine/index.ts';
import {
  ADDRESS_SPACES,
  type AddressSpacePreset,
  customAddressSpace,
  movedPreset,
  type PresetResult,
} from '../presets/index.ts';
import { type AreaView, VmallocSpace } from '../vmalloc/index.ts';

/** What `machine.vmalloc` of a result says; addresses as `"0x…"`. */
export interface RecordedWindow {
  readonly name: string;
  readonly start: string;
  readonly end: string;
}

/** The preset of that name, or a space of those bounds. */
export function recordedSpace({ name, start, end }: RecordedWindow): PresetResult {
  const preset = ADDRESS_SPACES.get(name) ?? movedPreset(name, ADDRESS_SPACES);
  return preset ? { ok: true, preset } : customAddressSpace(start, end);
}

/** The areas that a text of /proc/vmallocinfo tells of; lines that are none are passed over. */
export function areasOfVmallocinfo(
  space: AddressSpacePreset,
  vmallocinfo: string,
): readonly AreaView[] {
  const trace = { emit: () => {} };
  const seeded = new VmallocSpace(space, {
    trace,
    log: new KernelLog(() => 0, trace),
    onlineCpus: () => 1,
    comm: () => '',
    scheduleDrain: () => {},
  });
  seeded.seedFromVmallocinfo(vmallocinfo);
  return seeded.areas();
}
