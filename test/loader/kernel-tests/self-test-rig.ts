// SPDX-License-Identifier: MIT
import { expect } from 'vitest';
import type { Coroutine, Policy } from '../../../loader/engine/index.ts';
import { TestKmod, type ThreadRecords } from '../../../loader/kernel-tests/test-kmod.ts';
import type { TestKmodAttribute } from '../../../loader/kernel-tests/test-kmod-attributes.ts';
import { type FileSystemType, FileSystemTypes } from '../../../loader/kmod/index.ts';
import { KmodRig, MS, SECOND } from '../kmod/kmod-rig.ts';

/** The self-test machine: modprobe knows test_module and fs-xfs, and both take a while to load. */
export class SelfTest {
  readonly rig: KmodRig;
  readonly device: TestKmod;
  readonly loaded = new Set<string>();
  loads = 0;
  xfsReferences = 0;
  /** Most threads there is memory for; what was asked for, and where. */
  mostRecords = 1000;
  readonly synced: [threads: number, caller: string][] = [];
  /** Of the script that writes to the device. */
  policy: Policy = 'normal';

  constructor(dups: 'off' | 'refcounted', loadNs = 50 * MS, cpus = 128) {
    const rig = new KmodRig({ features: { limiter: 'semaphore', dups }, cpus });
    this.rig = rig;
    const { engine } = rig;
    const self = this;
    rig.target = function* (argv): Coroutine<number> {
      const name = argv[3]!;
      yield engine.work(2 * MS);
      const module = name === 'fs-xfs' ? 'xfs' : name;
      if (module !== 'xfs' && module !== 'test_module') return 256;
      if (self.loaded.has(module)) return 0;
      yield* engine.sleep(loadNs);
      self.loaded.add(module);
      self.loads += 1;
      return 0;
    };
    const xfs: FileSystemType = {
      name: 'xfs',
      hasSubtype: false,
      tryModuleGet: () => {
        this.xfsReferences += 1;
        return true;
      },
      modulePut: () => {
        this.xfsReferences -= 1;
      },
    };
    const table = { find: (name: string) => (self.loaded.has(name) ? xfs : undefined) };
    const fileSystems = new FileSystemTypes(table, rig.kmod, rig.log);
    const records: ThreadRecords = {
      // biome-ignore lint/correctness/useYield: memory takes no time here
      *sync(threads, caller) {
        self.synced.push([threads, caller]);
        return threads > 0 && threads <= self.mostRecords;
      },
    };
    this.device = new TestKmod({
      engine,
      records,
      log: rig.log,
      requestModule: rig.kmod,
      fileSystems,
      threadNs: 30_000,
    });
  }

  write(name: TestKmodAttribute, text: string): number | undefined {
    const { device } = this;
    let ret: number | undefined;
    this.rig.engine.spawn({ comm: 'kmod.sh', policy: this.policy }, function* () {
      ret = yield* device.write(name, text);
    });
    this.rig.run();
    return ret;
  }

  read(name: 'config' | 'config_num_threads' | 'test_result'): string | undefined {
    const { device } = this;
    let text: string | undefined;
    this.rig.engine.spawn({ comm: 'cat' }, function* () {
      text = yield* device.read(name);
    });
    this.rig.run();
    return text;
  }

  /** Lines of the device's and of the duplicate layer's since the last reset. */
  get told(): string[] {
    const { lines } = this.rig;
    return lines
      .slice(lines.lastIndexOf('misc test_kmod0: reset') + 1)
      .map((line) => line.replace('misc test_kmod0: ', ''));
  }

  /** reset, modprobe -r, configuration, trigger; the test's result. */
  run(testCase: 1 | 2, name: string, threads: number): number {
    this.write('reset', '1');
    this.loaded.delete(testCase === 1 ? 'test_module' : 'xfs');
    this.write(testCase === 1 ? 'config_test_driver' : 'config_test_fs', name);
    this.write('config_test_case', String(testCase));
    this.write('config_num_threads', String(threads));
    expect(this.write('trigger_config', '1')).toBe(1);
    return this.device.testResult;
  }

  /** Lets remembered answers expire. */
  rest(): void {
    this.rig.runTo(this.rig.engine.now + 61 * SECOND);
  }
}
