// SPDX-License-Identifier: MIT
/** Areas as lines of /proc/vmallocinfo, and what a line does not say. */

import { exactTime, formatAddress, formatTime, PAGE_SIZE } from '../base/index.ts';
import type { AreaPurpose, RequestLog } from '../events/index.ts';
import type { AddressSpacePreset } from '../presets/index.ts';
import type { AddressState } from './address-state.ts';
import type { AreaFacts } from './area-history.ts';

/** The word that tells how an area was made. Model: `user` and `phys=` are in no event. */
const WORD_OF: Readonly<Partial<Record<AreaPurpose, string>>> = {
  image: 'vmap',
  vmap: 'vmap',
  ioremap: 'ioremap',
  boot: '',
  other: '',
};

/** The area's line in /proc/vmallocinfo, without its end. */
export function vmallocinfoLine(space: AddressSpacePreset, area: AreaFacts): string {
  const start = formatAddress(space, area.start);
  const end = formatAddress(space, area.start + area.size);
  const range = `0x${start}-0x${end} ${String(area.size).padStart(7)}`;
  if (area.freed !== null) return `${range} unpurged vm_area`;
  if (area.purpose === 'vm_map_ram' || area.purpose === 'vmap_block') return `${range} vm_map_ram`;
  const words = [range];
  if (area.caller !== '') words.push(area.caller);
  if (area.pages > 0) words.push(`pages=${area.pages}`);
  const word = WORD_OF[area.purpose] ?? 'vmalloc';
  if (word !== '') words.push(word);
  // The array of page pointers has an area of its own when it fills more than a page.
  const arrayBytes = area.pages * (space.wordBits / 8);
  if (word === 'vmalloc' && arrayBytes > PAGE_SIZE) words.push('vpages');
  if (space.numa && area.pages > 0) words.push(`N0=${area.pages}`);
  return words.join(' ');
}

/**
 * The text of /proc/vmallocinfo at one moment: areas in use by address, then the parked ones.
 * Model: by address also on 64-bit machines, where the file goes through the vmap nodes in turn.
 */
export function vmallocinfoText(space: AddressSpacePreset, state: AddressState): string {
  const busy: string[] = [];
  const lazy: string[] = [];
  for (let i = 0; i < state.count; i += 1) {
    const line = `${vmallocinfoLine(space, state.area(i))}\n`;
    if (state.isLazy(i)) lazy.push(line);
    else busy.push(line);
  }
  return busy.join('') + lazy.join('');
}

/**
 * Who holds an area and since when: `file of amdgpu, request 17 (finit_module amdgpu.ko), stage
 * kread, CPU 3, for 1.2 ms`.
 */
export function areaStory(state: AddressState, requests: RequestLog, area: AreaFacts): string {
  const request = area.request === 0 ? undefined : requests.get(area.request);
  const module = area.module || request?.module || '';
  const parts = [`${area.purpose}${module === '' ? '' : ` of ${module}`}`];
  if (request !== undefined) {
    const subject = request.subject.slice(request.subject.lastIndexOf('/') + 1);
    parts.push(`request ${area.request} (${`${request.op} ${subject}`.trim()})`);
  } else if (area.request !== 0) {
    parts.push(`request ${area.request}`);
  }
  if (area.stage !== null) parts.push(`stage ${area.stage}`);
  parts.push(`CPU ${area.cpu}`);
  parts.push(`for ${formatTime(state.t - area.since)} since ${exactTime(area.since)}`);
  if (area.freed !== null) parts.push(`parked for ${formatTime(state.t - area.freed)}`);
  return parts.join(', ');
}
