// SPDX-License-Identifier: MIT
/** The same scenario asked by the guest in v86 and by the replay loop: the same bytes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootGuest } from '../../emulator/storm/boot.ts';
import { loadV86Wasm } from '../../emulator/v86/node-host.ts';
import { EventLineWriter } from '../../loader/export/jsonl.ts';
import type { SimKernel } from '../../loader/kernel.ts';
import { collectResult } from '../../loader/scenario/collect-result.ts';
import { prepareRun } from '../../loader/scenario/prepare.ts';
import { scenarioSchema } from '../../loader/scenario/schema.ts';
import { driveSession } from '../../loader/session/drive-session.ts';
import { Session } from '../../loader/session/session.ts';
import { moduleFile, type RigFile, type RigScenario, sourceOf } from '../loader/module/rig.ts';

const IMAGE = join(import.meta.dirname, '..', '..', 'guest-images', 'storm', 'storm.bin');

interface Bytes {
  readonly events: string;
  readonly result: string;
  readonly kmsg: string;
}

function prepare(files: readonly RigFile[], scenario: RigScenario) {
  const parsed = scenarioSchema.parse({
    version: 1,
    name: 'equal',
    modules: { dir: '.', init: {} },
    ...scenario,
  });
  const prepared = prepareRun(parsed, { source: sourceOf(files) });
  const lines: string[] = [];
  const writer = new EventLineWriter(prepared.kernel.space.preset, (text) => lines.push(text));
  prepared.kernel.events.attach(writer);
  const session = new Session(prepared.kernel, prepared.program, prepared.observer);
  const collect = (kernel: SimKernel): Bytes => {
    writer.end();
    return {
      events: lines.join(''),
      result: JSON.stringify(collectResult(prepared)),
      kmsg: kernel.log.kmsg(),
    };
  };
  return { session, collect: () => collect(prepared.kernel) };
}

function replay(files: readonly RigFile[], scenario: RigScenario): Bytes {
  const { session, collect } = prepare(files, scenario);
  driveSession(session);
  return collect();
}

async function boot(files: readonly RigFile[], scenario: RigScenario) {
  const { session, collect } = prepare(files, scenario);
  const booted = await bootGuest({
    wasm: await loadV86Wasm(),
    image: readFileSync(IMAGE),
    session,
  });
  expect(booted.exit).toBe('done');
  return { ...collect(), console: booted.console };
}

const MODULES = Array.from({ length: 24 }, (_, i) =>
  moduleFile({
    name: `m${i}`,
    sizes: { text: 3000 * (i + 1), data: 900 * i, rodata: 4000, initText: 100 * i },
    exports: [{ name: `symbol_${i}` }],
    undefinedSymbols: i % 3 === 0 ? [] : [`symbol_${i - 1}`],
    extraSymbols: i * 10,
  }),
);

const ALL = { per: 'cpu', op: 'finit_module', modules: 'all' } as const;

const CASES: Readonly<Record<string, RigScenario>> = {
  'steps of one task': {
    steps: [
      { finit_module: 'm0.ko' },
      { finit_module: 'm0.ko', flags: 9 },
      { init_module: 'm1.ko' },
      { finit_module: 'm2.ko', args: 'a=1 b="x y"' },
      { copy: 'm3.ko', to: '/tmp/copy.ko' },
      {
        parallel: [
          { step: { finit_module: 'm3.ko' } },
          { step: { finit_module: '/tmp/copy.ko' }, delay_ms: 1 },
        ],
      },
      { sleep_ms: 3 },
      { delete_module: 'm2' },
      { read: '/proc/vmallocinfo' },
      { read: '/proc/modules' },
      { write: '/proc/sys/kernel/modules_disabled', text: '1' },
      { finit_module: 'm5.ko' },
    ],
  },
  'a storm of 64 CPUs': {
    machine: { cpus: 64 },
    storm: { generators: [{ ...ALL, arrival: { uniform_us: [0, 5000] } }] },
  },
  'a storm without the gate, in a small window': {
    kernel: 'v6.3',
    machine: { cpus: 32, vmalloc: { mib: 2 } },
    storm: { generators: [{ ...ALL, order: 'shuffled', gap_us: 7 }] },
  },
  'a storm of uevents, udev workers and modprobe': {
    kernel: 'v6.4',
    machine: { cpus: 16, memory_mb: 2048, costs: { kread_spread: 0.2 } },
    userspace: { modprobe_conf: 'alias coldplug m5\nalias coldplug m23\nsoftdep m9 pre: m3\n' },
    storm: {
      phases: { late: { at_ms: 8 } },
      generators: [
        { per: 'cpu', op: 'uevent', by: 'one', modules: ['coldplug'], arrival: { every_us: 30 } },
        { per: 'device', count: 5, op: 'uevent', modules: ['m11', 'm9'] },
        { per: 'process', count: 3, op: 'modprobe', phase: 'late', modules: ['m17'] },
        { per: 'process', count: 60, op: 'request_module', phase: 'late', modules: ['m20'] },
        { per: 'cpu', op: 'request_module', form: 'fs', missing: 'ask', modules: ['none'] },
      ],
    },
  },
  'a storm of copies, kills, deletes and CPUs that come and go': {
    kernel: 'v6.3',
    machine: { cpus: 12 },
    storm: {
      generators: [
        { per: 'cpu', op: 'finit_module', copies: 'own', modules: ['m0', 'm3'], gap_us: 20 },
        {
          per: 'process',
          count: 20,
          op: 'finit_delete',
          modules: ['m6'],
          repeat: 4,
          kill: { share: 0.4, after_us: 15 },
        },
        { per: 'cpu', op: 'modprobe', modules: ['m8'], kill: { share: 0.5, after_us: 900 } },
      ],
      hotplug: [
        { at_us: 0, cpus: { list: [3, 4] }, online: false },
        { at_us: 300, cpus: { from: 5, to: 6 }, online: false },
        { at_us: 2000, cpus: { from: 3, to: 6 }, online: true },
      ],
    },
  },
  'a storm of 1024 CPUs through init_module': {
    machine: { cpus: 1024 },
    storm: {
      generators: [
        { ...ALL, op: 'init_module', limit: 3, arrival: { exponential_us: 2000, from_us: 10 } },
      ],
    },
  },
};

describe('boot and replay', () => {
  it.each(Object.keys(CASES))('leave the same events, result and log: %s', async (name) => {
    const scenario = CASES[name]!;
    const replayed = replay(MODULES, scenario);
    const { console, ...booted } = await boot(MODULES, scenario);
    expect(replayed.events.length).toBeGreaterThan(1000);
    expect(booted.events === replayed.events).toBe(true);
    expect(booted).toEqual(replayed);
    const { files } = JSON.parse(replayed.result) as { files: Record<string, string> };
    const stats = files['/sys/kernel/debug/modules/stats'];
    if (stats !== undefined) expect(console.replaceAll('\r', '')).toContain(stats);
  });

  it.each(Object.keys(CASES))('leave the same bytes when done again: %s', (name) => {
    const scenario = CASES[name]!;
    expect(replay(MODULES, scenario)).toEqual(replay(MODULES, scenario));
  });

  it('with another seed leave other bytes where something is random', () => {
    const scenario = CASES['a storm of 64 CPUs']!;
    const other = replay(MODULES, { ...scenario, seed: 2 });
    expect(other.events === replay(MODULES, scenario).events).toBe(false);
  });
});
