// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../../loader/events/event.ts';
import { EventLog } from '../../../loader/events/event-log.ts';
import { EventRecorder } from '../../../loader/events/event-recorder.ts';
import { eventLists, OFFSETS_32, OFFSETS_64 } from './arbitrary-event.ts';

function counter(seq: number, t = seq * 10): TraceEvent {
  return { seq, t, cpu: 0, task: 'a-1', kind: 'counter', name: 'x', delta: seq, request: 0 };
}

function listOf(recorder: EventRecorder): TraceEvent[] {
  const events: TraceEvent[] = [];
  recorder.visit((event) => events.push(event));
  return events;
}

describe('EventRecorder', () => {
  it('gives back every event as it was, of any kind, with 32-bit and with 64-bit addresses', () => {
    fc.assert(
      fc.property(
        fc.oneof(eventLists(OFFSETS_32), eventLists(OFFSETS_64)),
        fc.nat(3),
        (events, repeat) => {
          const recorder = new EventRecorder();
          const all = [events, events, events, events].slice(0, repeat + 1).flat();
          for (const event of all) recorder.push(event);
          expect(listOf(recorder)).toEqual(all);
          expect(recorder.length).toBe(all.length);
          for (let i = 0; i < all.length; i += 7) expect(recorder.at(i)).toEqual(all[i]);
          expect(recorder.at(all.length)).toBeUndefined();
        },
      ),
      { numRuns: 300 },
    );
  });

  it('finds events by number and by time across its blocks, also while it is filling', () => {
    const recorder = new EventRecorder();
    for (let seq = 0; seq < 20_000; seq += 1) {
      recorder.push(counter(seq * 2, Math.floor(seq / 3) * 100));
      if (seq === 5000) expect(recorder.at(5000)?.seq).toBe(10_000);
    }
    for (const index of [0, 1, 4095, 4096, 4097, 8191, 8192, 19_998, 19_999]) {
      expect(recorder.indexOfSeq(index * 2)).toBe(index);
      expect(recorder.indexOfSeq(index * 2 - 1)).toBe(index);
      expect(recorder.at(index)?.seq).toBe(index * 2);
      // Three events share a time.
      const t = Math.floor(index / 3) * 100;
      expect(recorder.indexAfter(t)).toBe(Math.min(20_000, (Math.floor(index / 3) + 1) * 3));
      expect(recorder.indexAfter(t - 1)).toBe(Math.floor(index / 3) * 3);
    }
    expect(recorder.indexOfSeq(50_000)).toBe(20_000);
    expect(recorder.indexAfter(1e9)).toBe(20_000);
  });

  it('visits a range, and stops when told to', () => {
    const recorder = new EventRecorder();
    for (let seq = 0; seq < 10_000; seq += 1) recorder.push(counter(seq));
    const seen: number[] = [];
    recorder.visit((event, index) => seen.push(event.seq - index), 4000, 8200);
    expect(seen).toEqual(Array.from({ length: 4200 }, () => 0));
    let visited = 0;
    recorder.visit(() => {
      visited += 1;
      return visited < 4100;
    });
    expect(visited).toBe(4100);
  });

  it('keeps at least the latest events of its limit and says how many it forgot', () => {
    const recorder = new EventRecorder({ limit: 5000 });
    for (let seq = 0; seq < 100_000; seq += 1) {
      recorder.push(counter(seq));
      expect(recorder.length).toBeGreaterThanOrEqual(Math.min(5000, seq + 1));
      expect(recorder.length).toBeLessThan(5000 + 2 * 4096);
    }
    expect(recorder.length + recorder.dropped).toBe(100_000);
    expect(recorder.at(0)?.seq).toBe(recorder.dropped);
    expect(recorder.at(recorder.length - 1)?.seq).toBe(99_999);
    expect(recorder.indexOfSeq(99_000)).toBe(99_000 - recorder.dropped);
    expect(recorder.indexOfSeq(3)).toBe(0);
  });

  it('takes some twenty bytes for an allocator event', () => {
    const recorder = new EventRecorder();
    for (let seq = 0; seq < 40_960; seq += 1) {
      const va_start = 0xf6ffe000 + ((seq * 7919) % 32_768) * 4096;
      recorder.push({
        seq,
        t: seq * 733,
        cpu: seq % 64,
        task: `insmod-${seq % 64}`,
        kind: 'alloc_vmap_area',
        va_start,
        size: 8192,
        align: 1,
        vstart: 0xf6ffe000,
        vend: 0xfeffe000,
        failed: 0,
      });
    }
    expect(recorder.packedBytes / recorder.length).toBeLessThan(20);
  });
});

describe('EventLog', () => {
  it('stamps events with number, time, CPU and task, and hands them to every sink', () => {
    const source = { now: 5, currentCpu: 2, currentLabel: 'insmod-9' };
    const log = new EventLog(source);
    const first: TraceEvent[] = [];
    const second: TraceEvent[] = [];
    log.attach({ push: (event) => first.push(event) });
    log.emit({ kind: 'module_free', name: 'tun' });
    const detach = log.attach({ push: (event) => second.push(event) });
    source.now = 8;
    log.emit({ kind: 'module_free', name: 'tap' });
    detach();
    log.emit({ kind: 'module_free', name: 'veth' });
    expect(first).toEqual([
      { seq: 0, t: 5, cpu: 2, task: 'insmod-9', kind: 'module_free', name: 'tun' },
      { seq: 1, t: 8, cpu: 2, task: 'insmod-9', kind: 'module_free', name: 'tap' },
      { seq: 2, t: 8, cpu: 2, task: 'insmod-9', kind: 'module_free', name: 'veth' },
    ]);
    expect(second).toEqual([first[1]]);
    expect(log.emitted).toBe(3);
  });

  it('counts on while nobody listens', () => {
    const log = new EventLog({ now: 0, currentCpu: 0, currentLabel: 'a-1' });
    log.emit({ kind: 'module_free', name: 'tun' });
    const seen: number[] = [];
    log.attach({ push: ({ seq }) => seen.push(seq) });
    log.emit({ kind: 'module_free', name: 'tun' });
    expect(seen).toEqual([1]);
  });

  it('lets a sink leave while an event is handed round', () => {
    const log = new EventLog({ now: 0, currentCpu: 0, currentLabel: 'a-1' });
    const seen: string[] = [];
    const leave = log.attach({
      push() {
        seen.push('first');
        leave();
      },
    });
    log.attach({ push: () => seen.push('second') });
    log.emit({ kind: 'module_free', name: 'tun' });
    log.emit({ kind: 'module_free', name: 'tun' });
    expect(seen).toEqual(['first', 'second', 'second']);
  });
});
