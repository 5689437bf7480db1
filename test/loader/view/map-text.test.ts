// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { ADDRESS_SPACES } from '../../../loader/presets/address-spaces.ts';
import { AddressMap } from '../../../loader/view/address-map.ts';
import { explainFirstFailure } from '../../../loader/view/explain-failure.ts';
import { mapText } from '../../../loader/view/map-text.ts';
import { HandTrace } from './hand-trace.ts';
import { ToyKernel } from './toy-kernel.ts';

/** 128 pages: a cell is a page, two rows. */
function failing(): HandTrace {
  return new HandTrace(128)
    .at(1_000_000)
    .begin(1, 'kernel/net/tun.ko')
    .stage(1, 'kread')
    .area(0, 10, 'file', 1)
    .stage(1, 'decompress')
    .area(10, 20, 'image', 1)
    .area(30, 3, 'dictionary', 1)
    .stage(1, 'becoming')
    .area(40, 5, 'text', 1, 'tun')
    .area(45, 4, 'rodata', 1, 'tun')
    .area(49, 4, 'data', 1, 'tun')
    .area(60, 6, 'init_text', 1, 'tun')
    .area(70, 2, 'ioremap')
    .area(124, 4, 'percpu')
    .at(2_500_000)
    .free(30)
    .end(1, 0, 'tun')
    .begin(2, 'kernel/drivers/amdgpu.ko')
    .stage(2, 'kread')
    .search(null, 60)
    .purge(0)
    .search(null, 60)
    .stageEnd(2, 'kread', -12);
}

describe('the terminal map', () => {
  it('draws every page of a small window with its letter, and the request beside the hole', () => {
    const map = failing().map();
    const found = map.stateAtMoment({ at: 'failure' });
    if (!found.ok) throw new Error(found.message);
    expect(mapText(map, found.state, { failure: map.firstFailure })).toBe(
      `vmalloc 0xf0000000-0xf0080000, 512 KiB, at 2.5ms
used 220 KiB (43 %) in 8 areas, parked 12 KiB (2.3 %), free 280 KiB (54.7 %) in 4 holes
largest hole 208 KiB at 0xf0048000, external fragmentation 0.257

0xf0000000  FFFFFFFFF|IIIIIIIIIIIIIIIIIII|///.......TTTT|RRR|DDD|.......NNNN
0xf0040000  N|....M|____________________________________________________PPP|

. free                     280 KiB   _ free: the largest hole             / parked areas              12 KiB
| guard pages               32 KiB   F file copies               36 KiB   I decompressed images       76 KiB
T module text               16 KiB   R module read-only data     12 KiB   D module data               12 KiB
N module init parts         20 KiB   P per-CPU chunks            12 KiB   M device mappings            4 KiB
One letter is 4 KiB, small (and ",") where less than half of it is taken.

wanted        ############################################################ 240 KiB
largest hole  ____________________________________________________ 208 KiB
`,
    );
  });

  it('shows cells of several pages by what most of them holds, small letters when sparse', () => {
    // 4 pages to a cell.
    const trace = new HandTrace(4 * 64 * 32)
      .area(0, 4, 'text') // full
      .area(4, 1, 'file') // a quarter
      .area(8, 1, 'file')
      .area(9, 2, 'data') // three quarters, most of it data
      .area(16, 1, 'file')
      .free(16); // a quarter, parked
    const map = trace.map();
    const text = mapText(map, map.stateAt({ seq: map.last.seq }));
    expect(text.split('\n')[4]).toBe(`0xf0000000  TfD.,${'_'.repeat(59)}`);
    expect(text).toContain('One letter is 16 KiB');
  });

  it('is plain by default; colours change nothing but the ink', () => {
    const map = failing().map();
    const state = map.stateAt({ seq: 5 });
    const plain = mapText(map, state);
    const coloured = mapText(map, state, { color: true });
    expect(plain).not.toContain('\x1b');
    expect(coloured).toContain('\x1b[38;5;214mFFFFFFFFF');
    const colourless = coloured.replaceAll(/\x1b\[[\d;]*m/g, '').split('\n');
    expect(colourless.map((line) => line.trimEnd()).join('\n')).toBe(plain);
  });

  it('keeps within its columns and rows for any window', () => {
    for (const space of ADDRESS_SPACES.values()) {
      const map = new AddressMap(space);
      const kernel = new ToyKernel(space, 3, map);
      kernel.run(500);
      for (const window of map.windows) {
        for (const columns of [10, 64, 100, 128, 500]) {
          const text = mapText(map, map.stateAt({ seq: map.last.seq }), { columns, window });
          const rows = text.split('\n').filter((line) => /^0x[0-9a-f]+ {2}/.test(line));
          expect(rows.length).toBeGreaterThan(0);
          expect(rows.length).toBeLessThanOrEqual(32);
          for (const row of rows) {
            expect(row.replace(/^0x\w+ {2}/, '').length).toBeLessThanOrEqual(128);
          }
        }
      }
    }
  });

  it('shows the used part of a window of terabytes', () => {
    const space = ADDRESS_SPACES.get('x86-64')!;
    const map = new AddressMap(space);
    const stamp = { t: 0, cpu: 0, task: 'a-1' };
    for (let seq = 0; seq < 100; seq += 1) {
      const va_start = space.vmallocStart + seq * 2 * 2 ** 20;
      map.push({
        seq,
        ...stamp,
        kind: 'alloc_vmap_area',
        va_start,
        size: 2 ** 20,
        align: 1,
        vstart: space.vmallocStart,
        vend: space.vmallocEnd,
        failed: 0,
      });
    }
    const text = mapText(map, map.stateAt({ seq: 99 }));
    expect(text).toContain('0xffffc90000000000  ');
    expect(text).toContain('(above: 32 TiB, nearly all of it free)');
    expect(text.match(/O/g)?.length).toBeGreaterThan(100);
  });
});

describe('a failure in one sentence', () => {
  it('says who wanted what, and that the hole was too small', () => {
    expect(explainFirstFailure(failing().map())).toBe(
      'finit_module of amdgpu.ko at 2.5 ms wanted 245,760 bytes, guard page included, for its file ' +
        'copy; 280 KiB were free but the largest hole was 208 KiB (of 512 KiB, decompressed images ' +
        'held 76 KiB, file copies 36 KiB and guard pages 32 KiB).',
    );
  });

  it('says when there was too little room in all', () => {
    const trace = new HandTrace(64).area(0, 30, 'core', 1, 'a').area(40, 20, 'file');
    trace.begin(2, 'b.ko', 'init_module').search(null, 40).purge().search(null, 40);
    expect(explainFirstFailure(trace.map())).toBe(
      'init_module of b.ko at 0 ns wanted 163,840 bytes, guard page included, for its copy of the ' +
        'image; only 56 KiB were free, the largest hole was 40 KiB (of 256 KiB, module core held ' +
        '116 KiB, file copies 76 KiB and guard pages 8 KiB).',
    );
  });

  it('says when alignment was the reason: no hole has room there, or the search passes one over', () => {
    const none = new HandTrace(64)
      .area(16, 1, 'percpu')
      .area(32, 1, 'percpu')
      .area(48, 1, 'percpu');
    none.task = 'insmod-9';
    none.search(null, 15, 65_536).purge().search(null, 15, 65_536);
    expect(explainFirstFailure(none.map())).toBe(
      'Task insmod-9 at 0 ns wanted 61,440 bytes at a multiple of 64 KiB, guard page included, for ' +
        'an allocation; a hole of 64 KiB would have held it, but the search passes over holes of ' +
        'less than 124 KiB, size plus alignment (of 256 KiB, per-CPU chunks held 12 KiB).',
    );
    const off = new HandTrace(64).area(0, 4, 'percpu').area(16, 4, 'percpu').area(32, 32, 'percpu');
    off.search(null, 11, 65_536).purge().search(null, 11, 65_536);
    expect(explainFirstFailure(off.map())).toContain(
      '96 KiB were free and the largest hole was 48 KiB, but none held it at that alignment',
    );
  });

  it('says when nothing was free, and null when nothing failed', () => {
    const full = new HandTrace(8).area(0, 8, 'text').search(null, 2).purge().search(null, 2);
    expect(explainFirstFailure(full.map())).toContain('for an allocation; nothing was free (of');
    expect(explainFirstFailure(new HandTrace(8).area(0, 8, 'text').map())).toBeNull();
  });

  it('names the stage of a request', () => {
    const words = (['kread', 'decompress', 'becoming', 'load', 'init'] as const).map((stage) => {
      const trace = new HandTrace(8).begin(1, 'x.ko').stage(1, stage).search(null, 9);
      return /for ([^;]+);/.exec(explainFirstFailure(trace.map())!)?.[1];
    });
    expect(words).toEqual([
      'its file copy',
      'its decompression',
      'its module memory',
      'its module memory',
      'an allocation of its init',
    ]);
  });
});
