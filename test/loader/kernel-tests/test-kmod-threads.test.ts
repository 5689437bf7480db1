// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { MS, SECOND } from '../kmod/kmod-rig.ts';
import { SelfTest } from './self-test-rig.ts';

/** What the kernel's log says of a test, without the lines at its head and of its results. */
function storyOf(test: SelfTest): string[] {
  return test.told
    .filter((line) => !/^(Test |Number of|Thread IDs|Results|Sync thread|General)/.test(line))
    .map((line) => line.replace('module: module-autoload: ', ''));
}

const MADE = 'No errors were found while initializing threads';
const twice = (name: string, times: number): string[] =>
  Array.from({ length: times }, () => `duplicate request for module ${name}`);
const done = (threads: number, last: number): string[] => [
  `Done: ${threads} threads have all run now`,
  `Last thread to run: ${last}`,
];

describe('threads on one CPU, made by a task of SCHED_IDLE', () => {
  function oneCpu(loadNs?: number): SelfTest {
    const test = new SelfTest('refcounted', loadNs, 1);
    test.policy = 'idle';
    return test;
  }

  it.each([1, 2, 50, 62])('%i have their answers before their maker goes on', (threads) => {
    const test = oneCpu();
    expect(test.run(1, 'nope', threads)).toBe(256);
    const told = [...twice('nope', threads - 1), ...done(threads, threads - 1), MADE];
    expect(storyOf(test)).toEqual(told);
    expect(test.rig.of('module_request')).toHaveLength(threads);
  });

  it.each([1, 2, 50])('%i wait for a modprobe that sleeps, and end in their order', (threads) => {
    const test = oneCpu(SECOND);
    expect(test.run(1, 'test_module', threads)).toBe(0);
    const told = [...twice('test_module', threads - 1), MADE, ...done(threads, threads - 1)];
    expect(storyOf(test)).toEqual(told);
  });

  it('those beyond 50 ask once one of the 50 has its answer', () => {
    const test = oneCpu(SECOND);
    expect(test.run(1, 'test_module', 58)).toBe(0);
    expect(storyOf(test)).toEqual([
      ...twice('test_module', 49),
      MADE,
      ...twice('test_module', 8),
      ...done(58, 57),
    ]);
  });

  it('those beyond 50 give up after five seconds, before the first one has its answer', () => {
    const test = oneCpu(8 * SECOND);
    expect(test.run(1, 'test_module', 58)).toBe(-62);
    const busy =
      'request_module: modprobe test_module cannot be processed, kmod busy with 50 threads for ' +
      'more than 5 seconds now';
    expect(storyOf(test)).toEqual([
      ...twice('test_module', 49),
      MADE,
      ...Array.from({ length: 8 }, () => busy),
      ...done(58, 49),
    ]);
  });

  it('ask for nothing when the file system is there', () => {
    const test = oneCpu();
    test.run(2, 'xfs', 1);
    const asked = test.rig.of('module_request').length;
    test.write('config_num_threads', '9');
    test.write('trigger_config', '1');
    expect(test.rig.of('module_request')).toHaveLength(asked);
    expect(test.xfsReferences).toBe(0);
  });
});

describe('the threads’ records', () => {
  it('are taken anew by each reset and each number of threads', () => {
    const test = new SelfTest('off');
    test.write('reset', '1');
    test.write('config_num_threads', '7');
    test.write('config_num_threads', 'x');
    expect(test.synced).toEqual([
      [50, '__kmod_config_init [test_kmod]'],
      [7, 'config_num_threads_store [test_kmod]'],
    ]);
  });

  it.each(['0', '1001'])('for %s threads cannot be had: the old ones are taken again', (text) => {
    const test = new SelfTest('off');
    expect(test.write('config_num_threads', '7')).toBe(1);
    expect(test.write('config_num_threads', text)).toBe(-22);
    expect(test.synced.map(([threads]) => threads)).toEqual([7, Number(text), 7]);
    expect(test.read('config_num_threads')).toBe('7\n');
  });

  it('stay as they are when nothing is written', () => {
    const test = new SelfTest('off');
    expect(test.write('config_num_threads', '')).toBe(0);
    expect(test.synced).toEqual([]);
  });
});

describe('a read', () => {
  it('waits for the end of a test that is under way', () => {
    const test = new SelfTest('off', SECOND);
    const { engine } = test.rig;
    let at: number | undefined;
    engine.spawn({ comm: 'kmod.sh' }, () => test.device.write('trigger_config', '1'));
    engine.spawn({ comm: 'cat' }, function* () {
      yield* engine.sleep(MS);
      yield* test.device.read('config');
      at = engine.now;
    });
    test.rig.run();
    expect(at).toBeGreaterThan(SECOND);
  });
});
