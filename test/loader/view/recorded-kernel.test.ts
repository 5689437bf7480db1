// SPDX-License-Identifier: MIT
/**
 * Operations recorded from a real 6.12 kernel (test/golden/vectors), told as its events would tell
 * them. What the view model makes of them must be the free blocks that kernel was left with.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EventBody } from '../../../loader/events/event.ts';
import { ADDRESS_SPACES } from '../../../loader/presets/address-spaces.ts';
import { AddressMap } from '../../../loader/view/address-map.ts';
import type { AreaView } from '../../../loader/vmalloc/area-view.ts';

const VECTORS = join(import.meta.dirname, '..', '..', 'golden', 'vectors');
const PAGE = 4096;
const START = 0xf77fe000;
const END = 0xfeffe000;

function replay(name: string) {
  const lines = readFileSync(join(VECTORS, `${name}.txt`), 'utf8').split('\n');
  const holes = (letter: string) =>
    lines
      .filter((line) => line.startsWith(`${letter} `))
      .map((line) =>
        line
          .split(' ')
          .slice(1, 3)
          .map((word) => Number.parseInt(word, 16)),
      )
      .map(([from, to]) => ({ start: Math.max(from!, START), end: Math.min(to!, END) }))
      .filter(({ start, end }) => start < end);
  const initial: AreaView[] = [];
  const about = { pages: 0, caller: '', module: '', request: 0, since: 0, serial: 0 };
  let at = START;
  for (const { start, end } of [...holes('I'), { start: END, end: END }]) {
    if (start > at) {
      initial.push({ start: at, size: start - at, state: 'busy', purpose: 'boot', ...about });
    }
    at = end;
  }
  const map = new AddressMap(ADDRESS_SPACES.get('i386-highmem')!, { initial });
  let seq = 0;
  const emit = (body: EventBody) =>
    map.push({ seq, t: seq++ * 1000, cpu: 0, task: 'insmod-1', ...body });
  const sizes = new Map<number, number>();
  let parked = 0;
  let lazy = 0;
  const purge = () => {
    emit({ kind: 'purge_vmap_area_lazy', start: START, end: END, num_purged: parked });
    parked = 0;
    lazy = 0;
  };
  for (const line of lines) {
    const [op, ...words] = line.split(' ');
    if (op === 'A') {
      const [pages, align, address, after] = words;
      if (Number(after) < lazy) purge();
      const size = (Number(pages) + 1) * PAGE;
      const found = Number.parseInt(address!, 16);
      const failed = found === 0 ? 1 : 0;
      const va_start = failed ? END : found;
      const request = { size, align: Number(align), vstart: START, vend: END };
      emit({ kind: 'alloc_vmap_area', va_start, failed, ...request });
      if (failed) {
        // The kernel purges and tries once more.
        purge();
        emit({ kind: 'alloc_vmap_area', va_start, failed, ...request });
      }
      if (!failed) sizes.set(found, size);
    } else if (op === 'F') {
      const va_start = Number.parseInt(words[0]!, 16);
      lazy += sizes.get(va_start)! / PAGE;
      parked += 1;
      emit({ kind: 'free_vmap_area_noflush', va_start, nr_lazy: lazy, nr_lazy_max: 8192 });
      if (Number(words[1]) < lazy) purge();
    }
  }
  return {
    map,
    final: holes('E'),
    failed: lines.filter((l) => / 00000000 \d+$/.test(l) && l[0] === 'A'),
  };
}

describe.each(['r0', 'r1', 'r2'])('the recorded operations %s', (name) => {
  const { map, final, failed } = replay(name);

  it('leave the map with the holes the kernel had', () => {
    expect(map.live.misfits).toBe(0);
    const state = map.stateAt({ seq: map.last.seq });
    const holes = state
      .holesIn(START, END)
      .map(({ start, size }) => ({ start, end: start + size }));
    expect(holes).toEqual(final);
    expect(map.live.main.holes.count).toBe(final.length);
    expect(map.live.main.holes.largest).toBe(Math.max(...final.map((h) => h.end - h.start)));
  });

  it('count as many failures as were recorded', () => {
    expect(map.failureCount).toBe(failed.length);
  });
});
