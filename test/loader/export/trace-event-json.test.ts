// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../../loader/events/event.ts';
import { TraceEventJsonWriter } from '../../../loader/export/trace-event-json.ts';
import { HandTrace, windowOf } from '../view/hand-trace.ts';
import { ToyKernel } from '../view/toy-kernel.ts';

interface Row {
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur: number;
  name: string;
  cat: string;
  id: number;
  bp: string;
  s: string;
  args: Record<string, unknown>;
}

function write(events: readonly TraceEvent[], space = windowOf(64), interval = 0): Row[] {
  const chunks: string[] = [];
  const writer = new TraceEventJsonWriter(space, (chunk) => chunks.push(chunk), {
    counterInterval: interval,
  });
  for (const event of events) writer.push(event);
  writer.end();
  const document = JSON.parse(chunks.join('')) as { displayTimeUnit: string; traceEvents: Row[] };
  expect(document.displayTimeUnit).toBe('ms');
  return document.traceEvents;
}

const slices = (rows: readonly Row[]) => rows.filter(({ ph }) => ph === 'X');

/** The rule of the format: slices of one row nest, outer ones first in the file. */
function expectNesting(rows: readonly Row[]): void {
  for (const tid of new Set(rows.map((row) => row.tid))) {
    const row = slices(rows).filter((slice) => slice.tid === tid);
    const open: { end: number }[] = [];
    let before = 0;
    for (const { ts, dur } of row) {
      const start = Math.round(ts * 1000);
      const end = start + Math.round(dur * 1000);
      expect(start).toBeGreaterThanOrEqual(before);
      before = start;
      while (open.length > 0 && open.at(-1)!.end <= start) open.pop();
      if (open.length > 0) expect(end).toBeLessThanOrEqual(open.at(-1)!.end);
      open.push({ end });
    }
  }
}

describe('the trace-event file', () => {
  it('has a slice for a request and one for each stage, in microseconds', () => {
    const trace = new HandTrace(64);
    trace.cpu = 3;
    trace.at(1500).begin(9, 'kernel/net/tun.ko').stage(9, 'kread');
    trace.at(2500).stageEnd(9, 'kread').stage(9, 'becoming');
    trace.at(4001).stageEnd(9, 'becoming', -17).at(4100).end(9, -17, 'tun', { becoming: 5000 });
    const rows = write(trace.events);
    expect(slices(rows)).toEqual([
      {
        ph: 'X',
        pid: 1,
        tid: 4,
        ts: 1.5,
        dur: 2.6,
        cat: 'request',
        name: 'finit_module tun.ko',
        args: { request: 9, ret: '-EEXIST', stage: 'kread', module: 'tun', wasted: 5000 },
      },
      {
        ph: 'X',
        pid: 1,
        tid: 4,
        ts: 1.5,
        dur: 1,
        cat: 'stage',
        name: 'kread',
        args: { request: 9, subject: '' },
      },
      {
        ph: 'X',
        pid: 1,
        tid: 4,
        ts: 2.5,
        dur: 1.501,
        cat: 'stage',
        name: 'becoming',
        args: { request: 9, subject: '', ret: '-EEXIST' },
      },
    ]);
    const names = rows.filter(({ ph }) => ph === 'M').map(({ name, args }) => [name, args]);
    expect(names).toEqual([
      ['process_name', { name: 'modstorm' }],
      ['thread_name', { name: 'CPU 3' }],
      ['thread_sort_index', { sort_index: 3000 }],
    ]);
    const wasted = rows.find(({ name }) => name === 'wasted bytes');
    expect(wasted?.args).toEqual({ kread: 0, decompress: 0, becoming: 5000, load: 0 });
  });

  it('gives overlapping requests of one CPU rows of their own, and uses the rows again', () => {
    const trace = new HandTrace(64);
    for (const [t, request] of [
      [10, 1],
      [20, 2],
      [30, 3],
    ] as const) {
      trace.task = `modprobe-${request}`;
      trace.at(t).begin(request, `m${request}`);
    }
    for (const [t, request] of [
      [40, 2],
      [60, 1],
      [70, 3],
    ] as const) {
      trace.task = `modprobe-${request}`;
      trace.at(t).end(request);
      if (request === 2) trace.at(50).begin(4, 'm4');
    }
    trace.task = 'modprobe-2';
    trace.at(80).end(4);
    const rows = write(trace.events);
    expectNesting(rows);
    const tids = Object.fromEntries(slices(rows).map(({ args, tid }) => [args.request, tid]));
    expect(tids).toEqual({ 1: 1, 2: 65_537, 3: 131_073, 4: 65_537 });
    const threads = rows.filter(({ name }) => name === 'thread_name');
    expect(threads.map(({ args }) => args.name)).toEqual(['CPU 0', 'CPU 0 (2)', 'CPU 0 (3)']);
  });

  it('draws an arrow from a copy that waits to the load it waits for', () => {
    const trace = new HandTrace(64).begin(1, 'a.ko');
    trace.emit({ kind: 'idempotent', ino: 7, role: 'winner', ret: 0 });
    trace.task = 'modprobe-200';
    trace.cpu = 1;
    trace.at(100).begin(2, 'a.ko').at(150);
    trace.emit({ kind: 'idempotent', ino: 7, role: 'join', ret: 0 });
    trace.task = 'modprobe-100';
    trace.cpu = 0;
    trace.at(900).emit({ kind: 'idempotent', ino: 7, role: 'complete', ret: 0 }).end(1);
    trace.task = 'modprobe-200';
    trace.cpu = 1;
    trace.at(950).end(2);
    const rows = write(trace.events);
    expectNesting(rows);
    const [from, to] = rows.filter(({ cat, ph }) => cat === 'gate' && ph !== 'X');
    expect(from).toMatchObject({ ph: 's', tid: 2, ts: 0.15, id: 1, name: 'same load' });
    expect(to).toMatchObject({ ph: 'f', bp: 'e', tid: 1, ts: 0.15, id: 1, name: 'same load' });
    const wait = slices(rows).find(({ name }) => name === 'wait for the same load');
    expect(wait).toMatchObject({ tid: 2, ts: 0.15, dur: 0.8, args: { ino: 7 } });
  });

  it('counts bytes, holes, requests and slots, once for each time they moved', () => {
    const trace = new HandTrace(64).begin(1, 'a').area(0, 10, 'file', 1).at(1000).free(0);
    trace.emit({ kind: 'semaphore', name: 'kmod', op: 'down', in_use: 4, waiters: 2 });
    trace.at(2000).purge().end(1);
    const rows = write(trace.events).filter(({ ph }) => ph === 'C');
    const counted = rows.map(({ ts, name, args }) => [ts, name, args]);
    expect(counted).toEqual([
      [0, 'requests in flight', { requests: 1 }],
      [0, 'vmalloc bytes', { used: 40_960, parked: 0 }],
      [0, 'largest hole', { bytes: 54 * 4096 }],
      [1, 'vmalloc bytes', { used: 0, parked: 40_960 }],
      [1, 'largest hole', { bytes: 54 * 4096 }],
      [1, 'semaphore kmod', { 'in use': 4, waiting: 2 }],
      [2, 'vmalloc bytes', { used: 0, parked: 0 }],
      [2, 'largest hole', { bytes: 64 * 4096 }],
      [2, 'requests in flight', { requests: 0 }],
    ]);
    const coarse = write(trace.events, trace.space, 1500).filter(({ ph }) => ph === 'C');
    expect(coarse.map(({ ts }) => ts)).toEqual([0, 0, 0, 2, 2, 2, 2]);
  });

  it('shows processes as overlapping slices, and single moments as instants', () => {
    const trace = new HandTrace(64);
    const process = (op: 'exec' | 'exit', pid: number) =>
      trace.emit({ kind: 'process', op, comm: 'modprobe', pid, status: 0 });
    process('exec', 5);
    trace.at(10);
    process('exec', 6);
    trace.at(20);
    process('exit', 5);
    trace.emit({ kind: 'module_load', name: 'tun', taints: '' });
    trace.search(null, 9);
    process('exit', 6);
    const rows = write(trace.events);
    const async = rows.filter(({ cat }) => cat === 'process');
    expect(async.map(({ ph, id, name }) => [ph, id, name])).toEqual([
      ['b', 5, 'modprobe'],
      ['b', 6, 'modprobe'],
      ['e', 5, 'modprobe'],
      ['e', 6, 'modprobe'],
    ]);
    const instants = rows.filter(({ ph }) => ph === 'i');
    expect(instants.map(({ name, s }) => [name, s])).toEqual([
      ['module_load tun', 't'],
      ['no room', 'p'],
    ]);
  });

  it('closes what is still open at the end, and is valid when nothing happened', () => {
    const trace = new HandTrace(64).begin(1, 'a "b"\n').stage(1, 'load').at(5000);
    trace.emit({ kind: 'module_free', name: 'x' });
    const rows = write(trace.events);
    expectNesting(rows);
    expect(slices(rows).map(({ dur, args }) => [dur, args.unfinished])).toEqual([
      [5, true],
      [5, undefined],
    ]);
    expect(write([]).map(({ name }) => name)).toEqual(['process_name']);
  });

  it('nests and stays valid for a long run, in pieces of bounded size', () => {
    const space = windowOf(2000);
    const kernel = new ToyKernel(space, 1);
    kernel.run(20_000);
    const chunks: string[] = [];
    const writer = new TraceEventJsonWriter(space, (chunk) => chunks.push(chunk));
    for (const event of kernel.events) writer.push(event);
    writer.end();
    expect(chunks.length).toBeGreaterThan(10);
    expect(Math.max(...chunks.map((c) => c.length))).toBeLessThan(70_000);
    const rows = (JSON.parse(chunks.join('')) as { traceEvents: Row[] }).traceEvents;
    expectNesting(rows);
    const requests = kernel.events.filter(({ kind }) => kind === 'outcome').length;
    expect(rows.filter(({ cat }) => cat === 'request').length).toBe(requests);
  });
});
