// SPDX-License-Identifier: MIT
/** The test module traced on a real kernel, event by event. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  runTestVmalloc,
  summaryLines,
  TestMachine,
} from '../../../loader/kernel-tests/test-vmalloc/index.ts';
import { PercpuAllocator } from '../../../loader/vmalloc/percpu.ts';
import { hex, preset } from './fixture.ts';
import { loadTestModule } from './test-vmalloc-window.ts';

const GOLDEN = new URL('../../golden/test-vmalloc/', import.meta.url);

function rows(name: string): string[] {
  const text = readFileSync(new URL(name, GOLDEN), 'utf8');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('test_vmalloc.ko on one CPU', () => {
  const recorded = rows('one-cpu.txt');
  const of = (mark: string): string[] =>
    recorded.filter((row) => row.startsWith(mark)).map((row) => row.slice(2));

  it('allocates, frees and purges as on a real 6.12 kernel, from load to unload', () => {
    const events: string[] = [];
    const emit = (event: { kind: string }): void => {
      const e = event as Record<string, number> & { kind: string };
      if (e.kind === 'alloc_vmap_area') {
        events.push(`A ${e.va_start!.toString(16)} ${e.size} ${e.align} ${e.failed}`);
      } else if (e.kind === 'free_vmap_area_noflush') {
        events.push(`F ${e.va_start!.toString(16)} ${e.nr_lazy}`);
      } else if (e.kind === 'purge_vmap_area_lazy') {
        events.push(`P ${e.start!.toString(16)} ${e.end!.toString(16)} ${e.num_purged}`);
      }
    };
    const trace = { emit };
    const { machine, unload } = loadTestModule(`${of('B').join('\n')}\n`, { cpus: 1, trace });
    const result = runTestVmalloc(machine, {
      sequential_test_order: true,
      test_loop_count: 100,
      run_test_mask: 1873,
    });
    unload();
    expect(summaryLines(result)).toEqual(of('L'));
    expect(events.length).toBeGreaterThan(600);
    expect(events).toEqual(of('T'));
  });
});

describe('vm_map_ram_test with areas of its own', () => {
  it('has the drain come between the next search and its trace, as on a real 6.12 kernel', () => {
    // nr_pages=50: vm_unmap_ram() does nothing after it has woken the worker, and the next
    // vm_map_ram() cannot be preempted before it has found its place.
    const recorded = [
      'free f97e5000 8205',
      'purge f7802000 f9817000 165',
      'alloc f9817000',
      'free f9817000 50',
      'alloc f780f000',
      'free f780f000 100',
    ];
    const events: string[] = [];
    const emit = (event: { kind: string }): void => {
      const e = event as Record<string, number> & { kind: string };
      if (e.kind === 'alloc_vmap_area') events.push(`alloc ${hex(e.va_start!)}`);
      if (e.kind === 'free_vmap_area_noflush') events.push(`free ${hex(e.va_start!)} ${e.nr_lazy}`);
      if (e.kind === 'purge_vmap_area_lazy') {
        events.push(`purge ${hex(e.start!)} ${hex(e.end!)} ${e.num_purged}`);
      }
    };
    const areas = '0xf77fe000-0xf7802000   16384 n_tty_open+0xe/0x78 pages=3 vmalloc\n';
    const { machine } = loadTestModule(areas, { cpus: 1, trace: { emit } });
    runTestVmalloc(machine, { run_test_mask: 1024, nr_pages: 50, test_loop_count: 500 });
    const at = events.indexOf(recorded[0]!);
    expect(events.slice(at, at + recorded.length)).toEqual(recorded);
  });
});

describe('alloc_percpu', () => {
  it('finds 4,000 objects the places a real 6.12 kernel found them', () => {
    const { space, log } = new TestMachine({ preset: preset('i386-highmem'), cpus: 1 });
    const layout = { unitBytes: 126_976, units: 1 };
    const percpu = new PercpuAllocator(space, { cpus: 1, log, scheduleBalance: () => {}, layout });
    const recorded = rows('percpu.txt');
    const found = recorded.map((row) => {
      const [size, align] = row.split(' ').map(Number);
      const area = percpu.alloc(size!, align!)!;
      const { base } = area.chunk.areas;
      return `${size} ${align} ${hex(base)} ${area.addr - base}`;
    });
    expect(recorded).toHaveLength(4000);
    expect(found).toEqual(recorded);
  });

  it('finds 34,926 objects their places, and gives the chunks back in the order of a real kernel', () => {
    const recorded = rows('pcpu-alloc-test.txt');
    const of = (mark: string): string[] =>
      recorded.filter((row) => row.startsWith(mark)).map((row) => row.slice(2));
    const requests = of('A')
      .join('')
      .match(/.{4}/g)!
      .map((digits) => Number.parseInt(digits, 16));
    const freed: string[] = [];
    const trace = {
      emit: (e: { kind: string; va_start?: number }) => {
        if (e.kind === 'free_vmap_area_noflush') freed.push(hex(e.va_start!));
      },
    };
    const machine = new TestMachine({ preset: preset('i386-highmem'), cpus: 1, trace });
    const { percpu, clock } = machine;
    const places = createHash('sha256');
    const areas = requests.map((request) => {
      const area = percpu.alloc(request >> 4, 2 ** (request & 15))!;
      clock.tick();
      const { base } = area.chunk.areas;
      places.update(`${hex(base)} ${area.addr - base}\n`);
      return area;
    });
    expect(areas).toHaveLength(34_926);
    expect(places.digest('hex')).toBe(of('P')[0]);
    for (const area of areas) {
      percpu.free(area);
      clock.tick();
    }
    expect(freed).toEqual(of('D').flatMap((row) => row.split(' ')));
  });
});
