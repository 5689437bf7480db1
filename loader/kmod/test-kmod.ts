/**
 * The stress driver of the kmod self-tests: many kernel threads that ask for one module or one
 * file system at once (lib/test_kmod.c, Linux 6.12).
 * Model: one device; memory for the thread records is there up to MAX_THREADS of them.
 */
import {
  Completion,
  type Coroutine,
  type Engine,
  LOG_LEVEL,
  Mutex,
  type Printk,
} from '../engine/index.ts';
import { ERRNO } from '../errno.ts';
import type { Nanos } from '../units.ts';
import { cString } from './c-string.ts';
import type { FileSystemTypes } from './file-system-types.ts';
import type { RequestModule } from './request-module.ts';

/** enum kmod_test_case */
export const TEST_KMOD_CASES = { TEST_KMOD_DRIVER: 1, TEST_KMOD_FS_TYPE: 2 } as const;

const CASE_NAMES = ['invalid', 'TEST_KMOD_DRIVER', 'TEST_KMOD_FS_TYPE'];
const UINT_MAX = 4_294_967_295;
const MAX_THREADS = 65_536;

/** TEST_START_* */
const START = { driver: 'test_module', fs: 'xfs', threads: 50, testCase: 1 } as const;

/** Files of /sys/devices/virtual/misc/test_kmod0 that can be written. */
export type TestKmodAttribute =
  | 'trigger_config'
  | 'reset'
  | 'config_test_driver'
  | 'config_test_fs'
  | 'config_num_threads'
  | 'config_test_case'
  | 'test_result';

const DIRECTORY = '/sys/devices/virtual/misc/test_kmod0/';
const ATTRIBUTES: ReadonlySet<string> = new Set([
  'config',
  'trigger_config',
  'reset',
  'config_test_driver',
  'config_test_fs',
  'config_num_threads',
  'config_test_case',
  'test_result',
]);

/** Which file of the device a path names; undefined when none. */
export function testKmodAttribute(path: string): TestKmodAttribute | 'config' | undefined {
  if (!path.startsWith(DIRECTORY)) return undefined;
  const name = path.slice(DIRECTORY.length);
  return ATTRIBUTES.has(name) ? (name as TestKmodAttribute | 'config') : undefined;
}

export interface TestKmodOptions {
  readonly engine: Engine;
  readonly log: Printk;
  readonly requestModule: RequestModule;
  readonly fileSystems: FileSystemTypes;
  /** Starting one kernel thread. */
  readonly threadNs: Nanos;
}

export class TestKmod {
  readonly #options: TestKmodOptions;
  readonly #configMutex: Mutex;
  readonly #triggerMutex: Mutex;
  readonly #threadsDone: Completion;
  #driver: string = START.driver;
  #fs: string = START.fs;
  #numThreads: number = START.threads;
  #testCase: number = START.testCase;
  #result = 0;
  #done = 0;

  constructor(options: TestKmodOptions) {
    const { engine } = options;
    this.#options = options;
    this.#configMutex = new Mutex(engine);
    this.#triggerMutex = new Mutex(engine);
    this.#threadsDone = new Completion(engine);
    this.#info('interface ready');
  }

  get testResult(): number {
    return this.#result;
  }

  /** Text of `config` and of the files of the same name as a setting. */
  read(name: Exclude<TestKmodAttribute, 'trigger_config' | 'reset'> | 'config'): string {
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
        return `${this.#numThreads}\n`;
      case 'config_test_case':
        return `${this.#testCase}\n`;
      case 'test_result':
        return `${this.#result}\n`;
    }
  }

  /** Writes a file as the current task: the length written, or a negative errno. */
  *write(name: TestKmodAttribute, text: string): Coroutine<number> {
    switch (name) {
      case 'trigger_config':
        return yield* this.#trigger(text);
      case 'reset':
        return yield* this.#reset(text);
      case 'test_result': {
        const value = parseInteger(text, -2_147_483_648, 2_147_483_647);
        if (value.errno !== 0) return -value.errno;
        return yield* this.#configure(text, () => {
          this.#result = value.number;
        });
      }
      case 'config_num_threads': {
        const value = parseInteger(text, 0, UINT_MAX);
        if (value.errno !== 0) return -value.errno;
        if (value.number > MAX_THREADS) return -ERRNO.EINVAL;
        return yield* this.#configure(text, () => {
          this.#numThreads = value.number;
        });
      }
      case 'config_test_case': {
        const value = parseInteger(text, 0, UINT_MAX);
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

  *#reset(text: string): Coroutine<number> {
    yield* this.#triggerMutex.lock();
    yield* this.#configMutex.lock();
    this.#driver = START.driver;
    this.#fs = START.fs;
    this.#numThreads = START.threads;
    this.#testCase = START.testCase;
    this.#result = 0;
    this.#info('reset');
    this.#configMutex.unlock();
    this.#triggerMutex.unlock();
    return text.length;
  }

  /** trigger_config_run(): starts the threads, waits for all of them, adds up. */
  *#trigger(text: string): Coroutine<number> {
    yield* this.#triggerMutex.lock();
    yield* this.#configMutex.lock();
    const { engine, threadNs } = this.#options;
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
    for (let i = 0; i < count; i += 1) {
      yield* engine.work(threadNs);
      const thread = engine.spawn({ comm: `test_kmod-${i}`.slice(0, 15) }, () =>
        this.#thread(i, results),
      );
      thread.request = engine.current!.request;
    }
    this.#info('No errors were found while initializing threads');
    yield* this.#threadsDone.wait();
    this.#tallyUp(results);
    this.#info(`General test result: ${this.#result}`);
    this.#configMutex.unlock();
    this.#triggerMutex.unlock();
    return text.length;
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
      if (type) type.modulePut();
      else results[index] = -ERRNO.EINVAL;
    }
    this.#done += 1;
    if (this.#done < this.#numThreads) return;
    this.#info(`Done: ${this.#done} threads have all run now`);
    this.#info(`Last thread to run: ${index}`);
    this.#threadsDone.complete();
  }

  /** tally_up_work(): the last result that is not 0, in the order of the threads. */
  #tallyUp(results: readonly number[]): void {
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
  }

  get #caseName(): string {
    return CASE_NAMES[this.#testCase] ?? CASE_NAMES[0]!;
  }

  /** dev_info() */
  #info(text: string): void {
    this.#options.log.print(LOG_LEVEL.INFO, `misc test_kmod0: ${text}`);
  }
}

/** kstrtoint() and kstrtouint(), base 10. */
function parseInteger(text: string, min: number, max: number): { errno: number; number: number } {
  const shape = min < 0 ? /^[+-]?\d+\n?$/ : /^\+?\d+\n?$/;
  if (!shape.test(text)) return { errno: ERRNO.EINVAL, number: 0 };
  const number = Number.parseInt(text, 10);
  return number < min || number > max ? { errno: ERRNO.ERANGE, number: 0 } : { errno: 0, number };
}
