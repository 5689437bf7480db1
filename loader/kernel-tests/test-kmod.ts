// SPDX-License-Identifier: MIT
/**
 * The stress driver of the kmod self-tests: many kernel threads that ask for one module or one
 * file system at once (lib/test_kmod.c, Linux 6.12).
 * Model: one device; of its memory only the threads' records can run out, and no more than
 * MAX_THREADS threads are started.
 */

import { ERRNO, type Nanos } from '../base/index.ts';
import {
  Completion,
  type Coroutine,
  type Engine,
  Kthreadd,
  LOG_LEVEL,
  Mutex,
  type Printk,
} from '../engine/index.ts';
import { cString, type FileSystemTypes, type RequestModule } from '../kmod/index.ts';
import { kstrtoint, kstrtouint, type TestKmodAttribute } from './test-kmod-attributes.ts';

/** enum kmod_test_case */
export const TEST_KMOD_CASES = { TEST_KMOD_DRIVER: 1, TEST_KMOD_FS_TYPE: 2 } as const;

const CASE_NAMES = ['invalid', 'TEST_KMOD_DRIVER', 'TEST_KMOD_FS_TYPE'];
const MAX_THREADS = 65_536;

/** TEST_START_* */
const START = { driver: 'test_module', fs: 'xfs', threads: 50, testCase: 1 } as const;

/** Where the threads' records are allocated; a static function is inlined there. */
const RECORD_CALLERS = {
  reset: '__kmod_config_init [test_kmod]',
  threads: 'config_num_threads_store [test_kmod]',
} as const;

/** Memory of the threads' records, an area of vmalloc memory. */
export interface ThreadRecords {
  /**
   * kmod_config_sync_info(): frees the records there are and takes zeroed memory for `threads`.
   * False when there is none: then there are no records.
   */
  sync(threads: number, caller: string): Coroutine<boolean>;
}

export interface TestKmodOptions {
  readonly engine: Engine;
  readonly log: Printk;
  readonly requestModule: RequestModule;
  readonly fileSystems: FileSystemTypes;
  readonly records: ThreadRecords;
  /** Starting one kernel thread. */
  readonly threadNs: Nanos;
  /** The module's init has said that the device is there. */
  readonly announced?: boolean;
  /** TEST_START_TEST_FS: what is asked for when nobody says; default xfs. */
  readonly startFs?: string;
}

export class TestKmod {
  readonly #options: TestKmodOptions;
  readonly #kthreadd: Kthreadd;
  readonly #configMutex: Mutex;
  readonly #triggerMutex: Mutex;
  readonly #threadMutex: Mutex;
  readonly #threadsDone: Completion;
  #driver: string = START.driver;
  #fs: string;
  #numThreads: number = START.threads;
  #testCase: number = START.testCase;
  #result = 0;
  #done = 0;

  constructor(options: TestKmodOptions) {
    const { engine } = options;
    this.#options = options;
    this.#fs = options.startFs ?? START.fs;
    this.#kthreadd = new Kthreadd(engine, options.threadNs);
    this.#configMutex = new Mutex(engine);
    this.#triggerMutex = new Mutex(engine);
    this.#threadMutex = new Mutex(engine);
    this.#threadsDone = new Completion(engine);
    if (!options.announced) this.#info('interface ready');
  }

  get testResult(): number {
    return this.#result;
  }

  /** Text of `config` and of the files of the same name as a setting. */
  *read(
    name: Exclude<TestKmodAttribute, 'trigger_config' | 'reset'> | 'config',
  ): Coroutine<string> {
    yield* this.#configMutex.lock();
    const text = this.#show(name);
    this.#configMutex.unlock();
    return text;
  }

  #show(name: Exclude<TestKmodAttribute, 'trigger_config' | 'reset'> | 'config'): string {
    switch (name) {
      case 'config':
        return (
          'Custom trigger configuration for: test_kmod0\n' +
          `Number of threads:\t${this.#numThreads}\n` +
          `Test_case:\t${this.#caseName} (${this.#testCase})\n` +
          `driver:\t${this.#driver}\nfs:\t${this.#fs}\n`
        );
      case 'config_test_driver':
        return `${this.#driver}\n`;
      case 'config_test_fs':
        return `${this.#fs}\n`;
      case 'config_num_threads':
        return `${this.#numThreads | 0}\n`;
      case 'config_test_case':
        return `${this.#testCase}\n`;
      case 'test_result':
        return `${this.#result}\n`;
    }
  }

  /**
   * Writes a file as the current task: the length written, or a negative errno. A write of nothing
   * does not come to the device (sysfs_kf_write, fs/sysfs/file.c).
   */
  *write(name: TestKmodAttribute, text: string): Coroutine<number> {
    if (text === '') return 0;
    switch (name) {
      case 'trigger_config':
        return yield* this.#trigger(text);
      case 'reset':
        return yield* this.#reset(text);
      case 'test_result': {
        const value = kstrtoint(text);
        if (value.errno !== 0) return -value.errno;
        return yield* this.#configure(text, () => {
          this.#result = value.number;
        });
      }
      case 'config_num_threads': {
        const value = kstrtouint(text);
        if (value.errno !== 0) return -value.errno;
        return yield* this.#setThreads(text, value.number);
      }
      case 'config_test_case': {
        const value = kstrtouint(text);
        if (value.errno !== 0) return -value.errno;
        if (value.number < 1 || value.number > 2) return -ERRNO.EINVAL;
        return yield* this.#configure(text, () => {
          this.#testCase = value.number;
        });
      }
      case 'config_test_driver':
        return yield* this.#configure(text, () => {
          this.#driver = cString(text);
        });
      case 'config_test_fs':
        return yield* this.#configure(text, () => {
          this.#fs = cString(text);
        });
    }
  }

  *#configure(text: string, set: () => void): Coroutine<number> {
    yield* this.#configMutex.lock();
    set();
    this.#configMutex.unlock();
    return text.length;
  }

  /** test_dev_config_update_uint_sync(): without memory for the new number the old one is back. */
  *#setThreads(text: string, threads: number): Coroutine<number> {
    const { records } = this.#options;
    yield* this.#configMutex.lock();
    const ok = yield* records.sync(threads, RECORD_CALLERS.threads);
    if (ok) this.#numThreads = threads;
    else yield* records.sync(this.#numThreads, RECORD_CALLERS.threads);
    this.#configMutex.unlock();
    return ok ? text.length : -ERRNO.EINVAL;
  }

  /** reset_store() */
  *#reset(text: string): Coroutine<number> {
    yield* this.#triggerMutex.lock();
    yield* this.#configMutex.lock();
    this.#driver = START.driver;
    this.#fs = this.#options.startFs ?? START.fs;
    this.#numThreads = START.threads;
    this.#testCase = START.testCase;
    this.#result = 0;
    yield* this.#options.records.sync(START.threads, RECORD_CALLERS.reset);
    this.#info('reset');
    this.#configMutex.unlock();
    this.#triggerMutex.unlock();
    return text.length;
  }

  /** trigger_config_run(): starts the threads, waits for all of them, adds up. */
  *#trigger(text: string): Coroutine<number> {
    yield* this.#triggerMutex.lock();
    yield* this.#configMutex.lock();
    const ret = this.#numThreads > MAX_THREADS ? -ERRNO.ENOMEM : yield* this.#run();
    this.#configMutex.unlock();
    this.#triggerMutex.unlock();
    return ret < 0 ? ret : text.length;
  }

  /** run_test_driver(), run_test_fs_type() and try_requests() */
  *#run(): Coroutine<number> {
    const count = this.#numThreads;
    const results = new Array<number>(count).fill(0);
    this.#done = 0;
    this.#info(`Test case: ${this.#caseName} (${this.#testCase})`);
    this.#info(
      this.#testCase === TEST_KMOD_CASES.TEST_KMOD_DRIVER
        ? `Test driver to load: ${this.#driver}`
        : `Test filesystem to load: ${this.#fs}`,
    );
    this.#info(`Number of threads to run: ${count}`);
    this.#info(`Thread IDs will range from 0 - ${(count - 1) >>> 0}`);
    for (let i = 0; i < count; i += 1) yield* this.#tryOneRequest(i, results);
    this.#info('No errors were found while initializing threads');
    yield* this.#threadsDone.wait();
    yield* this.#tallyUp(results);
    this.#info(`General test result: ${this.#result}`);
    return 0;
  }

  /** try_one_request(): a thread that has its answer already waits until the next may be made. */
  *#tryOneRequest(index: number, results: number[]): Coroutine<void> {
    yield* this.#threadMutex.lock();
    yield* this.#kthreadd.run(`test_kmod-${index}`, () => this.#thread(index, results));
    this.#threadMutex.unlock();
    yield this.#options.engine.giveWay();
  }

  /** run_request() */
  *#thread(index: number, results: number[]): Coroutine<void> {
    const { requestModule, fileSystems } = this.#options;
    if (this.#testCase === TEST_KMOD_CASES.TEST_KMOD_DRIVER) {
      results[index] = yield* requestModule.request({
        name: this.#driver,
        wait: true,
        callSite: 'run_request [test_kmod]',
      });
    } else {
      const type = yield* fileSystems.getFsType(this.#fs);
      if (type) type.modulePut('test_kmod_put_module [test_kmod]');
      else results[index] = -ERRNO.EINVAL;
    }
    yield* this.#threadMutex.lock();
    this.#doneCheck(index);
    this.#threadMutex.unlock();
  }

  /** kmod_test_done_check() */
  #doneCheck(index: number): void {
    this.#done += 1;
    if (this.#done !== this.#numThreads) return;
    this.#info(`Done: ${this.#done} threads have all run now`);
    this.#info(`Last thread to run: ${index}`);
    this.#threadsDone.complete();
  }

  /** tally_up_work(): the last result that is not 0, in the order of the threads. */
  *#tallyUp(results: readonly number[]): Coroutine<void> {
    yield* this.#threadMutex.lock();
    this.#info('Results:');
    let last = 0;
    results.forEach((ret, i) => {
      if (ret !== 0) last = ret;
      this.#info(
        this.#testCase === TEST_KMOD_CASES.TEST_KMOD_DRIVER
          ? `Sync thread ${i} return status: ${ret}`
          : `Sync thread ${i} fs: ${ret === 0 ? this.#fs : 'NULL'}`,
      );
    });
    this.#result = last;
    this.#threadMutex.unlock();
  }

  get #caseName(): string {
    return CASE_NAMES[this.#testCase] ?? CASE_NAMES[0]!;
  }

  /** dev_info() */
  #info(text: string): void {
    this.#options.log.print(LOG_LEVEL.INFO, `misc test_kmod0: ${text}`);
  }
}
