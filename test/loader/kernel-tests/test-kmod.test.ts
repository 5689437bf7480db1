// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type FileSystemType, FileSystemTypes } from '../../../loader/kmod/index.ts';
import { MS, SECOND } from '../kmod/kmod-rig.ts';
import { SelfTest } from './self-test-rig.ts';

describe.each(['off', 'refcounted'] as const)('the kmod self-tests with dups %s', (dups) => {
  it('0001: an empty name is not found', () => {
    const test = new SelfTest(dups);
    expect(test.run(1, '\0', 1)).toBe(256);
    expect(test.run(2, '\0', 1)).toBe(-22);
  });

  it('0002: a name that does not exist is not found', () => {
    const test = new SelfTest(dups);
    expect(test.run(1, 'nope-test_module', 1)).toBe(256);
    expect(test.run(2, 'nope-xfs', 50)).toBe(-22);
  });

  it.each([1, 2, 50])('0003, 0004, 0006: a file system is found by %i threads', (threads) => {
    const test = new SelfTest(dups);
    expect(test.run(2, 'xfs', threads)).toBe(0);
    expect(test.xfsReferences).toBe(0);
  });

  it('0005, 0007: 50 threads load a driver, again and again', () => {
    const test = new SelfTest(dups);
    for (let i = 0; i < 3; i += 1) expect(test.run(1, 'test_module', 50)).toBe(0);
    expect(test.run(2, 'xfs', 50)).toBe(0);
    expect(test.loaded.has('test_module')).toBe(dups === 'off');
  });

  it('0008, 0009: 58 and 62 threads wait their turn and succeed', () => {
    const test = new SelfTest(dups);
    expect(test.run(1, 'test_module', 58)).toBe(0);
    expect(test.run(2, 'xfs', 62)).toBe(0);
  });

  it('0008 with a modprobe of seven seconds: eight threads time out', () => {
    const test = new SelfTest(dups, 7 * SECOND);
    expect(test.run(1, 'test_module', 58)).toBe(-62);
    const statuses = test.rig.lines
      .map((line) => /Sync thread \d+ return status: (-?\d+)/.exec(line)?.[1])
      .filter((status) => status !== undefined);
    expect(statuses.filter((status) => status === '0')).toHaveLength(50);
    expect(statuses.filter((status) => status === '-62')).toHaveLength(8);
  });

  it('0010: a modprobe that is not there gives -2', () => {
    const test = new SelfTest(dups);
    test.rig.kmod.path.write('/KMOD_TEST_NONEXISTENT');
    expect(test.run(1, 'test_module', 1)).toBe(-2);
  });

  it('0011: an empty modprobe path gives -2', () => {
    const test = new SelfTest(dups);
    test.rig.kmod.path.write('');
    expect(test.run(1, 'test_module', 1)).toBe(-2);
  });
});

describe('what the duplicate layer does to the self-tests', () => {
  it('answers 0 from memory for a module that was removed meanwhile, until a minute has passed', () => {
    const test = new SelfTest('refcounted');
    expect(test.run(1, 'test_module', 1)).toBe(0);
    expect(test.run(1, 'test_module', 1)).toBe(0);
    expect(test.loads).toBe(1);
    test.rest();
    expect(test.run(1, 'test_module', 1)).toBe(0);
    expect(test.loads).toBe(2);
  });

  it('answers the remembered 0 instead of -2 when modprobe vanishes within the minute', () => {
    const test = new SelfTest('refcounted');
    expect(test.run(1, 'test_module', 1)).toBe(0);
    test.rig.kmod.path.write('/KMOD_TEST_NONEXISTENT');
    expect(test.run(1, 'test_module', 1)).toBe(0);
    test.rest();
    expect(test.run(1, 'test_module', 1)).toBe(-2);
  });
});

describe('the device', () => {
  it('starts with the defaults of lib/test_kmod.c', () => {
    expect(new SelfTest('off').read('config')).toBe(
      'Custom trigger configuration for: test_kmod0\nNumber of threads:\t50\n' +
        'Test_case:\tTEST_KMOD_DRIVER (1)\ndriver:\ttest_module\nfs:\txfs\n',
    );
  });

  it.each([
    ['config_test_case', '0', -22],
    ['config_test_case', '3', -22],
    ['config_test_case', 'x', -22],
    ['config_num_threads', '-1', -22],
    ['config_num_threads', '4294967296', -34],
    ['test_result', '-7', 2],
  ] as const)('answers a write of %s = %s with %i', (name, text, ret) => {
    expect(new SelfTest('off').write(name, text)).toBe(ret);
  });

  it('keeps the last result that is not 0, by thread number', () => {
    const test = new SelfTest('off');
    let calls = 0;
    const { engine } = test.rig;
    test.rig.target = function* () {
      calls += 1;
      const code = [0, 5, 7, 0][calls - 1]!;
      yield* engine.sleep(code === 5 ? SECOND : MS);
      return code * 256;
    };
    expect(test.run(1, 'm', 4)).toBe(7 * 256);
  });

  it('tells the kernel log what it does', () => {
    const test = new SelfTest('off');
    test.run(2, 'nope', 1);
    expect(test.rig.lines.filter((line) => line.startsWith('misc test_kmod0: '))).toEqual(
      [
        'interface ready',
        'reset',
        'Test case: TEST_KMOD_FS_TYPE (2)',
        'Test filesystem to load: nope',
        'Number of threads to run: 1',
        'Thread IDs will range from 0 - 0',
        'No errors were found while initializing threads',
        'Done: 1 threads have all run now',
        'Last thread to run: 0',
        'Results:',
        'Sync thread 0 fs: NULL',
        'General test result: -22',
      ].map((line) => `misc test_kmod0: ${line}`),
    );
  });
});

describe('get_fs_type', () => {
  function lookUp(test: SelfTest, name: string): string | undefined {
    const types = new FileSystemTypes(
      { find: (fs) => (test.loaded.has(fs) ? typeNamed(fs) : undefined) },
      test.rig.kmod,
      test.rig.log,
    );
    let found: string | undefined;
    test.rig.engine.spawn({ comm: 'mount' }, function* () {
      found = (yield* types.getFsType(name))?.name;
    });
    test.rig.run();
    return found;
  }

  function typeNamed(name: string): FileSystemType {
    return { name, hasSubtype: name === 'fuse', tryModuleGet: () => true, modulePut: () => {} };
  }

  it('asks for fs-NAME up to the first dot, and refuses a subtype that the type has not', () => {
    const test = new SelfTest('off');
    expect(lookUp(test, 'xfs.sub')).toBeUndefined();
    expect(test.rig.of('module_request')).toMatchObject([
      { name: 'fs-xfs', call_site: 'get_fs_type' },
    ]);
    test.loaded.add('fuse');
    expect(lookUp(test, 'fuse.sshfs')).toBe('fuse');
  });

  it('wonders once about a modprobe that succeeds without a file system', () => {
    const test = new SelfTest('off');
    test.rig.target = function* () {
      yield test.rig.engine.work(1);
      return 0;
    };
    expect(lookUp(test, 'zfs')).toBeUndefined();
    expect(test.rig.lines.at(-1)).toBe('request_module fs-zfs succeeded, but still no fs?');
  });
});
