// SPDX-License-Identifier: MIT
/**
 * Traces recorded from Linux 6.12.117 (i386, non-PAE, HIGHMEM4G) replayed operation by operation.
 * The traces' own header explains their lines.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FragmentationStats, FreeBlockDump } from '../../../loader/vmalloc/index.ts';
import { type Fixture, hex, makeSpace, OWNER } from './fixture.ts';

const PAGE = 4096;

interface Recording {
  readonly initial: FreeBlockDump[];
  readonly final: FreeBlockDump[];
  readonly ops: readonly string[][];
}

function read(name: string): Recording {
  const url = new URL(`../../golden/vectors/${name}.txt`, import.meta.url);
  const rows = readFileSync(url, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/));
  const blocks = (tag: string): FreeBlockDump[] => {
    const mine = rows.filter((row) => row[0] === tag);
    const index = new Map(mine.map((row, i) => [Number.parseInt(row[3]!, 16), i]));
    const link = (id: string): number => index.get(Number.parseInt(id, 16)) ?? -1;
    return mine.map((row) => ({
      start: Number.parseInt(row[1]!, 16),
      end: Number.parseInt(row[2]!, 16),
      red: (Number.parseInt(row[4]!, 16) & 1) === 0,
      left: link(row[5]!),
      right: link(row[6]!),
      subtreeMax: Number(row[7]),
    }));
  };
  return {
    initial: blocks('I'),
    final: blocks('E'),
    ops: rows.filter((row) => row[0] === 'A' || row[0] === 'F'),
  };
}

/**
 * Applies one operation and says what came of it, in the recording's words. The drain work that a
 * free queues runs before the next operation, as it did on that machine.
 */
function apply(fixture: Fixture, op: readonly string[]): string {
  const { space } = fixture;
  const queued = fixture.drains();
  if (op[0] === 'F') {
    space.vfree(Number.parseInt(op[1]!, 16));
    if (fixture.drains() > queued) space.drainVmapAreaWork();
    return `F ${op[1]} ${space.lazyPages}`;
  }
  const [, pages, align] = op;
  const area = space.vmalloc({ ...OWNER, bytes: Number(pages) * PAGE, align: Number(align) });
  return `A ${pages} ${align} ${hex(area?.addr ?? 0)} ${space.lazyPages}`;
}

describe.each([
  { name: 'r0', cpus: 1, ops: 6000, failures: 0 },
  { name: 'r1', cpus: 1, ops: 8000, failures: 0 },
  { name: 'r2', cpus: 4, ops: 14_000, failures: 388 },
])('recorded trace $name', ({ name, cpus, ops, failures }) => {
  const recording = read(name);
  const fixture = makeSpace('i386-highmem', { cpus });
  fixture.space.restoreFreeTree(recording.initial);

  it('starts from the recorded tree, so the dump gives it back', () => {
    expect(fixture.space.dumpFreeTree()).toEqual(recording.initial);
  });

  it('gives every operation its recorded address, failure and lazy counter', () => {
    const wrong: string[] = [];
    let failed = 0;
    for (const [i, op] of recording.ops.entries()) {
      const ours = apply(fixture, op);
      if (ours.includes(' 00000000 ')) failed++;
      if (ours !== op.join(' ')) wrong.push(`${i}: recorded ${op.join(' ')}, ours ${ours}`);
    }
    expect(wrong).toEqual([]);
    expect(recording.ops.length).toBe(ops);
    expect(failed).toBe(failures);
  });

  it('ends with the recorded free blocks in the recorded tree', () => {
    expect(recording.final.length).toBeGreaterThan(100);
    expect(fixture.space.dumpFreeTree()).toEqual(recording.final);
  });
});

/** Holes of the window right after each failed request of r2, with the pages it asked for. */
function failuresOf(name: string, cpus: number) {
  const recording = read(name);
  const fixture = makeSpace('i386-highmem', { cpus });
  fixture.space.restoreFreeTree(recording.initial);
  const failures: { pages: number; stats: FragmentationStats; aHoleWouldFit: boolean }[] = [];
  for (const op of recording.ops) {
    if (!apply(fixture, op).includes(' 00000000 ')) continue;
    const [, pages, align] = op.map(Number) as [number, number, number];
    const size = (pages + 1) * PAGE;
    const aHoleWouldFit = fixture.space.dumpFreeTree().some(({ start, end }) => {
      const from = Math.ceil(Math.max(start, 0xf77fe000) / align) * align;
      return from + size <= Math.min(end, 0xfeffe000);
    });
    failures.push({ pages, stats: fixture.space.stats(), aHoleWouldFit });
  }
  return failures;
}

describe('fragmentation where the recorded trace r2 failed', () => {
  const failures = failuresOf('r2', 4);
  const mean = (of: (stats: FragmentationStats) => number): number =>
    failures.reduce((sum, f) => sum + of(f.stats), 0) / failures.length;
  const freePercent = (s: FragmentationStats): number => (100 * s.free) / s.total;

  it('most failed although a hole would have held the request', () => {
    expect(failures).toHaveLength(388);
    expect(failures.filter((f) => f.aHoleWouldFit)).toHaveLength(370);
  });

  it('at the first failure is as measured then', () => {
    const { pages, stats } = failures[0]!;
    expect(pages).toBe(46);
    expect(freePercent(stats)).toBeCloseTo(41.9, 1);
    expect(stats.largest_free / 1024).toBe(624);
    expect(stats.free_areas).toBe(572);
    expect(stats.external_fragmentation).toBeCloseTo(0.988, 3);
  });

  it('over all failures is as measured then', () => {
    expect(mean(freePercent)).toBeCloseTo(28.8, 1);
    expect(Math.round(mean((s) => s.largest_free) / 1024)).toBe(405);
    expect(Math.round(mean((s) => s.free_areas))).toBe(656);
    expect(mean((s) => s.external_fragmentation)).toBeCloseTo(0.989, 3);
  });
});
