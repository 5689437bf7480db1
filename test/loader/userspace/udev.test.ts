// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultChildrenMax,
  UdevManager,
  type Uevent,
  udevTrigger,
} from '../../../loader/userspace/index.ts';
import { UdevQueue } from '../../../loader/userspace/udev-queue.ts';
import { FakeKernel, type FakeOptions, MS, SECOND } from './fake-kernel.ts';
import type { TreeModule } from './module-tree.ts';

const TREE: TreeModule[] = [
  { path: 'kernel/kvm-intel.ko', needs: ['kvm_init'], aliases: ['cpu:*'] },
  { path: 'kernel/kvm.ko', exports: ['kvm_init'] },
  { path: 'kernel/nvme.ko', aliases: ['pci:nvme*'] },
  { path: 'kernel/evdev.ko', aliases: ['input:*'] },
];

function machine(
  childrenMax: number,
  options: FakeOptions = {},
): { kernel: FakeKernel; udev: UdevManager } {
  const kernel = new FakeKernel(TREE, options);
  return { kernel, udev: new UdevManager(kernel.libkmod, { childrenMax }) };
}

const cpu = (i: number): Uevent => ({
  action: 'add',
  devpath: `/devices/system/cpu/cpu${i}`,
  modalias: 'cpu:type:x86',
});

describe('the default number of workers', () => {
  const GIB = 1024 ** 3;
  it.each([
    [8, 8 * GIB, 32],
    [255, 512 * GIB, 526],
    [255, 8 * GIB, 64],
    [1, GIB / 2, 10],
    [2_000, 4_096 * GIB, 2_048],
  ])('for %i CPUs and %i bytes is %i', (cpus, ram, workers) => {
    expect(defaultChildrenMax(cpus, ram)).toBe(workers);
  });
});

describe('systemd-udevd', () => {
  it('loads what a device`s modalias stands for', () => {
    const { kernel, udev } = machine(4);
    udev.receive(cpu(0));
    udev.receive({
      action: 'add',
      devpath: '/devices/x',
      modalias: 'pci:nvme1',
      modules: ['evdev'],
    });
    kernel.engine.runUntilQuiet();
    expect(kernel.loaded.toSorted()).toEqual(['evdev', 'kvm', 'kvm_intel', 'nvme']);
    expect(udev.pending).toBe(0);
    expect(kernel.events.filter((event) => event.kind === 'uevent')).toMatchObject([
      { action: 'add', modalias: 'cpu:type:x86' },
      { action: 'add', modalias: 'pci:nvme1' },
    ]);
  });

  it('loads nothing for other actions, without a modalias, or for unknown ones', () => {
    const { kernel, udev } = machine(4);
    udev.receive({ ...cpu(0), action: 'change' });
    udev.receive({ action: 'add', devpath: '/devices/a' });
    udev.receive({ action: 'add', devpath: '/devices/b', modalias: 'nothing:knows:this' });
    kernel.engine.runUntilQuiet();
    expect(kernel.calls).toEqual([]);
    expect(udev.pending).toBe(0);
  });

  it('leaves blacklisted modules alone', () => {
    const { kernel, udev } = machine(4, { modprobeConf: 'blacklist kvm-intel\n' });
    udev.receive(cpu(0));
    kernel.engine.runUntilQuiet();
    expect(kernel.calls).toEqual([]);
  });

  it('lets every CPU`s worker race for the same modules while they are coming', () => {
    const { kernel, udev } = machine(100);
    kernel.loads.set('kvm', { ret: 0, ns: SECOND });
    kernel.loads.set('kvm_intel', { ret: 0, ns: SECOND });
    for (let i = 0; i < 40; i += 1) udev.receive(cpu(i));
    kernel.engine.runUntilQuiet();
    const rets = (name: string): number[] =>
      kernel.calls.filter((call) => call.name === name).map((call) => call.ret);
    expect(rets('kvm')).toEqual([0, ...Array(39).fill(-17)]);
    expect(rets('kvm_intel').filter((ret) => ret === 0)).toHaveLength(1);
    expect(rets('kvm_intel')).toHaveLength(40);
    expect(udev.mostWorkers).toBe(40);
  });

  it('finds them loaded when it comes late', () => {
    const { kernel, udev } = machine(1);
    for (let i = 0; i < 10; i += 1) udev.receive(cpu(i));
    kernel.engine.runUntilQuiet();
    expect(kernel.loaded).toEqual(['kvm', 'kvm_intel']);
    expect(udev.mostWorkers).toBe(1);
  });

  it('forks one worker after the other, and no more than it may', () => {
    const { kernel, udev } = machine(5);
    kernel.loads.set('kvm', { ret: 0, ns: SECOND });
    for (let i = 0; i < 20; i += 1) udev.receive(cpu(i));
    kernel.engine.runUntilQuiet();
    expect(udev.mostWorkers).toBe(5);
    const starts = kernel.calls.filter((call) => call.name === 'kvm').map((call) => call.at);
    expect(starts).toHaveLength(5);
    // fork() takes the manager 420 us, one at a time.
    for (let i = 1; i < 5; i += 1)
      expect(starts[i]! - starts[i - 1]!).toBeGreaterThanOrEqual(420_000);
  });

  it('gives idle workers new events instead of forking', () => {
    const { kernel, udev } = machine(50);
    const { engine } = kernel;
    for (let i = 0; i < 10; i += 1) {
      engine.after(i * 500 * MS, () => udev.receive({ ...cpu(i), modalias: 'input:x' }));
    }
    engine.runUntilQuiet();
    expect(udev.mostWorkers).toBe(1);
    expect(kernel.calls).toHaveLength(1);
  });

  it('hears its workers between two uevents, however many uevents there are', () => {
    const { kernel, udev } = machine(500);
    for (let i = 0; i < 1000; i += 1) udev.receive({ action: 'add', devpath: `/d/${i}` });
    kernel.engine.runUntilQuiet();
    // An event keeps its worker for 2 ms and the manager for 65 us: some thirty are enough.
    expect(udev.mostWorkers).toBeGreaterThan(20);
    expect(udev.mostWorkers).toBeLessThan(50);
  });

  it('keeps more workers the longer an event takes them, and no CPU while they wait', () => {
    const coldplug = (udev_rules_wait_ns: number, cpus: number) => {
      const { kernel, udev } = machine(500, { cpus, costs: { udev_rules_wait_ns } });
      for (let i = 0; i < 400; i += 1) udev.receive({ action: 'add', devpath: `/d/${i}` });
      kernel.engine.runUntilQuiet();
      const busy = kernel.engine.cpus.reduce((sum, { busy }) => sum + busy, 0);
      return { workers: udev.mostWorkers, busy };
    };
    const quick = coldplug(0, 64);
    const slow = coldplug(10 * MS, 64);
    expect(slow.workers).toBeGreaterThan(3 * quick.workers);
    // What a worker more costs: the fork's two halves.
    const forks = (slow.workers - quick.workers) * (420_000 + 500_000);
    expect(slow.busy - quick.busy - forks).toBeLessThan(400 * 10 * MS * 0.01);
  });

  it('gives the next devices to workers that earlier ones have left idle, faster than it forks', () => {
    const { kernel, udev } = machine(500);
    kernel.loads.set('kvm', { ret: 0, ns: SECOND });
    for (let i = 0; i < 400; i += 1) udev.receive({ action: 'add', devpath: `/d/${i}` });
    for (let i = 0; i < 60; i += 1) udev.receive(cpu(i));
    kernel.engine.runUntilQuiet();
    const starts = kernel.calls.filter((call) => call.name === 'kvm').map((call) => call.at);
    expect(starts).toHaveLength(60);
    const gaps = starts.slice(1).map((at, i) => at - starts[i]!);
    expect(gaps.slice(0, 15).every((gap) => gap < 200_000)).toBe(true);
    expect(gaps.slice(-15).every((gap) => gap >= 400_000)).toBe(true);
  });

  it('handles events of one device, of its parents and of its children one after the other', () => {
    const { kernel, udev } = machine(50);
    const order: string[] = [];
    const send = (devpath: string, modalias: string): void =>
      udev.receive({ action: 'add', devpath, modalias, processed: () => order.push(devpath) });
    kernel.loads.set('nvme', { ret: 0, ns: SECOND });
    send('/devices/pci0/nvme0', 'pci:nvme1');
    send('/devices/pci0/nvme0/block', 'input:1');
    send('/devices/pci0', 'input:2');
    send('/devices/pci0/nvme00', 'input:3');
    send('/devices/pci0/nvme0/block/part1', 'input:4');
    kernel.engine.runUntilQuiet();
    expect(order).toEqual([
      '/devices/pci0/nvme0',
      '/devices/pci0/nvme0/block',
      '/devices/pci0',
      '/devices/pci0/nvme00',
      '/devices/pci0/nvme0/block/part1',
    ]);
  });

  it('sends idle workers away after three seconds', () => {
    const { kernel, udev } = machine(10);
    for (let i = 0; i < 6; i += 1) udev.receive(cpu(i));
    kernel.engine.runUntilQuiet();
    const quiet = kernel.engine.now;
    expect(udev.workers).toBe(6);
    while (kernel.engine.step());
    expect(udev.workers).toBe(0);
    const exits = kernel.events.filter((event) => event.kind === 'process' && event.op === 'exit');
    expect(exits).toHaveLength(6);
    for (const exit of exits) {
      expect(exit).toMatchObject({ comm: '(udev-worker)', status: 0 });
      expect(exit.t - quiet).toBeGreaterThan(2.9 * SECOND);
      expect(exit.t - quiet).toBeLessThan(3.1 * SECOND);
    }
    udev.receive(cpu(9));
    kernel.engine.runUntilQuiet();
    expect(udev.workers).toBe(1);
  });

  it('kills a worker that takes three minutes over an event, and goes on with the next', () => {
    const { kernel, udev } = machine(1);
    let done = 0;
    const { engine } = kernel;
    kernel.modules.set('nvme', { state: 'coming', users: 0 });
    udev.receive({
      action: 'add',
      devpath: '/a',
      modalias: 'pci:nvme',
      processed: () => (done += 1),
    });
    udev.receive({
      action: 'add',
      devpath: '/b',
      modalias: 'input:x',
      processed: () => (done += 1),
    });
    engine.runUntilQuiet();
    expect(done).toBe(2);
    expect(engine.now).toBeGreaterThan(180 * SECOND);
    expect(kernel.calls.map((call) => [call.name, call.ret])).toEqual([
      ['nvme', -4],
      ['evdev', 0],
    ]);
    expect(
      kernel.events.filter((event) => event.kind === 'process' && event.status === 9),
    ).toHaveLength(1);
  });

  it('tells udevadm settle when nothing is left', () => {
    const { kernel, udev } = machine(2);
    const { engine } = kernel;
    let settled = Number.NaN;
    const processed: number[] = [];
    const devices = [0, 1, 2].map((i) => ({
      ...cpu(i),
      processed: () => processed.push(engine.now),
    }));
    engine.spawn({ comm: 'udevadm' }, function* () {
      yield* udevTrigger(kernel, udev, devices);
      yield* udev.settle();
      settled = engine.now;
    });
    engine.runUntilQuiet();
    expect(processed).toHaveLength(3);
    expect(settled).toBeGreaterThanOrEqual(Math.max(...processed));
  });

  it('gives the same run twice', () => {
    const run = (): unknown => {
      const { kernel, udev } = machine(30, { cpus: 4 });
      for (let i = 0; i < 60; i += 1) udev.receive(cpu(i));
      kernel.engine.runUntilQuiet();
      return kernel.calls;
    };
    expect(run()).toEqual(run());
  });

  it('refuses to run without workers', () => {
    expect(() => machine(0)).toThrow(RangeError);
  });
});

describe('the queue of events', () => {
  const conflict = (a: string, b: string): boolean =>
    a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
  const devpath = fc
    .array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 })
    .map((parts) => `/${parts.join('/')}`);

  it('starts exactly what a walk over all earlier events would start, lowest number first', () => {
    const step = fc.oneof(
      devpath.map((path) => ({ op: 'insert' as const, path })),
      fc.nat().map((pick) => ({ op: 'finish' as const, pick })),
      fc.constant({ op: 'start' as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new UdevQueue();
        const naive: { seqnum: number; path: string; running: boolean }[] = [];
        const running: NonNullable<ReturnType<UdevQueue['takeReady']>>[] = [];
        let last = 0;
        const startable = (): (typeof naive)[number] | undefined =>
          naive.find(
            (event) =>
              !event.running &&
              !naive.some((e) => e.seqnum < event.seqnum && conflict(e.path, event.path)),
          );
        for (const action of steps) {
          if (action.op === 'insert') {
            queue.insert({ action: 'add', devpath: action.path });
            last += 1;
            naive.push({ seqnum: last, path: action.path, running: false });
          } else if (action.op === 'start') {
            const wanted = startable();
            const event = queue.takeReady();
            expect(event?.seqnum).toBe(wanted?.seqnum);
            if (wanted) wanted.running = true;
            if (event) running.push(event);
          } else if (running.length > 0) {
            const [event] = running.splice(action.pick % running.length, 1);
            queue.remove(event!);
            naive.splice(
              naive.findIndex((e) => e.seqnum === event!.seqnum),
              1,
            );
          }
          expect(queue.size).toBe(naive.length);
          expect(queue.hasReady).toBe(startable() !== undefined);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
