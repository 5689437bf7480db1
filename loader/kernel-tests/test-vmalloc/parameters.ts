// SPDX-License-Identifier: MIT
/** The module parameters of lib/test_vmalloc.c, Linux 6.12, by the kernel's names. */
export interface TestVmallocParameters {
  /** Workers; clamped to 1 … 65,535. Default 0. */
  readonly nr_threads: number;
  /** Cases in the order of their ids instead of shuffled by each worker. Default false. */
  readonly sequential_test_order: boolean;
  /** Runs of each case in a row; at least 1. Default 1. */
  readonly test_repeat_count: number;
  /** Passes of each case's loop; at least 1. Default 1,000,000. */
  readonly test_loop_count: number;
  /** Pages of fix_size_alloc_test and vm_map_ram_test; 0 means 1. Default 0. */
  readonly nr_pages: number;
  /** vmalloc_huge() in fix_size_alloc_test. Default false. */
  readonly use_huge: boolean;
  /** Ids of the cases to run, added up. Default INT_MAX: all. */
  readonly run_test_mask: number;
}

export const DEFAULT_PARAMETERS: TestVmallocParameters = {
  nr_threads: 0,
  sequential_test_order: false,
  test_repeat_count: 1,
  test_loop_count: 1_000_000,
  nr_pages: 0,
  use_huge: false,
  run_test_mask: 0x7fffffff,
};

/** Fills in what is not given and bounds the rest, as init_test_configuration does. */
export function configure(given: Partial<TestVmallocParameters>): TestVmallocParameters {
  const all = { ...DEFAULT_PARAMETERS, ...given };
  return {
    ...all,
    nr_threads: Math.min(Math.max(all.nr_threads, 1), 65_535),
    test_repeat_count: Math.max(all.test_repeat_count, 1),
    test_loop_count: Math.max(all.test_loop_count, 1),
  };
}

/** Out of a module's arguments; what is not one of its parameters is left out (kernel/params.c). */
export function parametersOf(args: string): Partial<TestVmallocParameters> {
  const given: Record<string, number | boolean> = {};
  for (const word of args.split(/\s+/)) {
    const [name = '', value] = word.split('=');
    const known = DEFAULT_PARAMETERS[name as keyof TestVmallocParameters];
    if (typeof known === 'number') given[name] = Number(value);
    if (typeof known === 'boolean')
      given[name] = value === undefined || /^[1yYtT]|^on/i.test(value);
  }
  return given;
}
