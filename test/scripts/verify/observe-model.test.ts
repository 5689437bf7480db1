// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { prepareRun } from '../../../loader/scenario/prepare.ts';
import { scenarioSchema } from '../../../loader/scenario/schema.ts';
import { observeModel } from '../../../scripts/verify/observe-model.ts';
import { moduleFile, type RigScenario, sourceOf } from '../../loader/module/rig.ts';

const DEVICE = '/sys/devices/virtual/misc/test_kmod0';
const PAGE = 4096;
const driver = moduleFile({ name: 'test_kmod' });

/** The driver's init takes a page for its device and one for its records. */
function observe(steps: NonNullable<RigScenario['steps']>) {
  const scenario = scenarioSchema.parse({
    version: 1,
    name: 'test',
    machine: { cpus: 1 },
    modules: { dir: '.', init: { test_kmod: { keeps_vmalloc: [PAGE, PAGE] } } },
    steps,
  });
  return observeModel(prepareRun(scenario, { source: sourceOf([driver]) }));
}

const load = { finit_module: 'test_kmod.ko' };
const trigger = { write: `${DEVICE}/trigger_config`, text: '1' };
const threads = (count: number) => ({
  write: `${DEVICE}/config_num_threads`,
  text: String(count),
});
const TWICE = 'module: module-autoload: duplicate request for module test_module';

describe('what is seen of the model', () => {
  it('gives a step’s only call the lines of all threads that work for it', () => {
    const { calls, otherLog } = observe([load, threads(2), trigger]);
    expect(calls[2]!.log).toContain('misc test_kmod0: Done: 2 threads have all run now');
    expect(calls[2]!.log).toContain(TWICE);
    expect(otherLog).toEqual([[], [], []]);
  });

  it('gives one of several calls the lines of its own process alone', () => {
    const { calls, otherLog } = observe([
      load,
      threads(2),
      { parallel: [{ step: trigger }, { step: { read: `${DEVICE}/config` } }] },
    ]);
    const [asked, read] = calls.filter(({ step }) => step === 2);
    expect(asked!.log).toContain('misc test_kmod0: Results:');
    expect(asked!.log).not.toContain(TWICE);
    expect(read!.log).toEqual([]);
    expect(otherLog[2]).toContain(TWICE);
    expect(otherLog[2]).toContain('misc test_kmod0: Last thread to run: 1');
  });

  it('tells what the loader frees from what a module’s exit does', () => {
    const { events } = observe([load, threads(3), { delete_module: 'test_kmod' }]);
    const owners = (step: number, kind: string): string[] =>
      events[step]!.filter((event) => event.kind === kind).map(({ owner }) => owner);
    // Init took the first records, and a write to the device those it frees at its exit.
    expect(owners(1, 'free_vmap_area_noflush')).toEqual(['test_kmod']);
    expect(owners(1, 'alloc_vmap_area')).toEqual(['']);
    const freed = owners(2, 'free_vmap_area_noflush');
    expect(freed.slice(0, 2)).toEqual(['exit', 'test_kmod']);
    expect(new Set(freed.slice(2))).toEqual(new Set(['']));
  });
});
