// SPDX-License-Identifier: MIT
/** The self-tests' device in a whole kernel: where it is, and the memory it has. */
import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../../loader/events/event.ts';
import { readNow } from '../../../loader/vfs/index.ts';
import { moduleFile, type RigScenario, run } from '../module/rig.ts';

const DEVICE = '/sys/devices/virtual/misc/test_kmod0';
const PAGE = 4096;

type Step = NonNullable<RigScenario['steps']>[number];

const set = (file: string, text: string): Step => ({ write: `${DEVICE}/${file}`, text });
const driver = moduleFile({ name: 'test_kmod' });
const other = moduleFile({ name: 'other' });

/** The driver's own init takes a page for its device and one for the records of 50 threads. */
const INIT = { test_kmod: { keeps_vmalloc: [PAGE, PAGE] } };

function steps(...list: Step[]) {
  return run([driver, other], {
    machine: { cpus: 1, memory_mb: 1024 },
    modules: { dir: '.', init: INIT },
    steps: list,
  });
}

/** Areas taken by the driver's functions, guard page included, in order. */
function areasOf(events: readonly TraceEvent[], caller: string): number[] {
  return events.flatMap((event) =>
    event.kind === 'vm_area' && event.caller === `${caller} [test_kmod]` ? [event.size] : [],
  );
}

describe('the device of a machine that has test_kmod.ko', () => {
  const load: Step = { finit_module: 'test_kmod.ko' };

  it('is there while the module is', () => {
    const { rets } = steps(
      set('reset', '1'),
      load,
      set('reset', '1'),
      { delete_module: 'test_kmod' },
      set('reset', '1'),
      { read: `${DEVICE}/config` },
    );
    expect(rets).toEqual([-2, 0, 1, 0, -2, -2]);
  });

  it('has forgotten everything once the module has been loaded anew', () => {
    const { result } = steps(
      load,
      set('config_num_threads', '7'),
      { delete_module: 'test_kmod' },
      load,
      { read: `${DEVICE}/config_num_threads` },
    );
    expect(result.results.at(-1)).toMatchObject({ text: '50\n' });
  });

  it('frees the records its init took when it takes others, and its own memory on its exit', () => {
    const { kernel, events } = steps(
      load,
      set('config_num_threads', '1'),
      set('config_num_threads', '200'),
      set('reset', '1'),
    );
    // 24 bytes for each thread.
    expect(areasOf(events, 'config_num_threads_store')).toEqual([2 * PAGE, 3 * PAGE]);
    expect(areasOf(events, '__kmod_config_init')).toEqual([2 * PAGE]);
    const lines = String(readNow(kernel.files.get('/proc/vmallocinfo')!)).split('\n');
    const own = lines.filter((line) => line.includes('[test_kmod]'));
    expect(own.map((line) => line.split(/ +/)[2])).toEqual([
      'test_kmod_init',
      '__kmod_config_init',
    ]);
    const unloaded = steps(load, set('reset', '1'), { delete_module: 'test_kmod' });
    expect(readNow(unloaded.kernel.files.get('/proc/vmallocinfo')!)).not.toContain('[test_kmod]');
  });

  it.each([
    ['0', -22, '50\n'],
    ['4294967295', -22, '50\n'],
    ['100000', 6, '100000\n'],
  ])('answers %s threads with %i', (text, ret, threads) => {
    const { rets, result, events } = steps(load, set('config_num_threads', text), {
      read: `${DEVICE}/config_num_threads`,
    });
    expect(rets.slice(0, 2)).toEqual([0, ret]);
    expect(result.results.at(-1)).toMatchObject({ text: threads });
    // What does not fit is not searched for; the old records are then taken again.
    const size = ret < 0 ? 2 * PAGE : Math.ceil(2_400_000 / PAGE) * PAGE + PAGE;
    expect(areasOf(events, 'config_num_threads_store')).toEqual([size]);
  });

  it('says how many bytes were too many', () => {
    const { result } = steps(load, set('config_num_threads', '4294967295'));
    expect(result.results.at(-1)!.log).toEqual([
      'init: vmalloc error: size 4294967295, exceeds total pages, mode:0xdc0(GFP_KERNEL|__GFP_ZERO), nodemask=(null)',
    ]);
  });

  it('asks for modules with threads whose lines are those of the write that started them', () => {
    const { result } = steps(
      load,
      set('config_test_driver', 'other'),
      set('config_num_threads', '2'),
      set('trigger_config', '1'),
    );
    const { log } = result.results.at(-1)!;
    expect(log).toContain('module: module-autoload: duplicate request for module other');
    expect(log.at(-1)).toBe('misc test_kmod0: General test result: 0');
  });
});

describe('the device of a machine without test_kmod.ko', () => {
  it('is there from the start', () => {
    const { rets, result } = run([other], { steps: [set('reset', '1')] });
    expect(rets).toEqual([1]);
    expect(result.results[0]!.log).toEqual([
      'misc test_kmod0: interface ready',
      'misc test_kmod0: reset',
    ]);
  });
});
