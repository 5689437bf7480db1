// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { HandTrace, PAGE, START } from './hand-trace.ts';

function failuresOf(trace: HandTrace): number[] {
  return trace.map().failures.map(({ seq }) => seq);
}

describe('the first failed allocation', () => {
  it('is none when the purge made room', () => {
    const trace = new HandTrace(16).search(null, 4).purge().search(0, 4).begin(1, 'tun.ko');
    expect(failuresOf(trace)).toEqual([]);
    expect(trace.map().firstFailure).toBeNull();
  });

  it('is the last attempt of the first request that found no room', () => {
    const trace = new HandTrace(16)
      .begin(7, 'kernel/tun.ko')
      .stage(7, 'kread')
      .search(null, 4) // 2
      .purge()
      .search(null, 4) // 4
      .stageEnd(7, 'kread', -12)
      .end(7, -12);
    expect(failuresOf(trace)).toEqual([4]);
    expect(trace.map().firstFailure).toMatchObject({
      seq: 4,
      size: 16_384,
      request: 7,
      stage: 'kread',
      task: 'modprobe-100',
    });
  });

  it('counts what a purge notifier frees and the messages of the kernel into the same request', () => {
    const trace = new HandTrace(16)
      .area(0, 4, 'keep')
      .search(null, 4)
      .purge()
      .search(null, 4)
      .emit({ kind: 'printk', level: 4, text: 'vmalloc_node_range for size 16384 failed' })
      .free(0)
      .search(null, 4)
      .purge()
      .search(0, 4);
    expect(failuresOf(trace)).toEqual([]);
  });

  it('takes a second range, or smaller pages, for the same request', () => {
    const half = START + 8 * PAGE;
    const other = new HandTrace(16).search(null, 4, 1, half).purge().search(null, 4, 1, half);
    expect(failuresOf(other.search(9, 4))).toEqual([]);
    // 300 pages and a guard page; 512 and a guard page with 2 MiB pages.
    const huge = new HandTrace(16).search(null, 513, 2 ** 21).purge();
    expect(failuresOf(huge.search(null, 513, 2 ** 21).search(3, 301))).toEqual([]);
  });

  it('tells requests of one task apart: another size, or anything else between', () => {
    const sizes = new HandTrace(16).search(null, 4).purge().search(null, 4).search(0, 5);
    expect(failuresOf(sizes)).toEqual([2]);
    const again = new HandTrace(16).search(null, 4).purge().search(null, 4).search(null, 4).purge();
    expect(failuresOf(again.search(null, 4))).toEqual([2, 5]);
    const smaller = new HandTrace(16).search(null, 9, 8192).purge().search(null, 9, 8192);
    expect(failuresOf(smaller.search(0, 4))).toEqual([2]);
    const between = new HandTrace(16).begin(1, 'a').search(null, 4).purge().search(null, 4); // 3
    between.stage(1, 'load').search(0, 4);
    expect(failuresOf(between)).toEqual([3]);
  });

  it('tells tasks apart', () => {
    const trace = new HandTrace(16).search(null, 4);
    trace.task = 'udevd-7';
    trace.search(0, 4).stage(1, 'load');
    expect(failuresOf(trace)).toEqual([0]);
  });

  it('counts a failure at the very end', () => {
    expect(failuresOf(new HandTrace(16).search(null, 4))).toEqual([0]);
  });

  it('keeps the order of events however long the attempts take', () => {
    const trace = new HandTrace(16).search(null, 4); // task 100: 0
    trace.task = 'udevd-7';
    trace.search(null, 2).stage(9, 'load'); // 1
    expect(failuresOf(trace)).toEqual([0, 1]);
    expect(trace.map().failureCount).toBe(2);
  });
});
