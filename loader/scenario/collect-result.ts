// SPDX-License-Identifier: MIT
import { formatAddress, type VirtAddr } from '../base/index.ts';
import { checkExpectations, explainStuck, type RunResult } from '../session/index.ts';
import { COUNTER_NAMES } from '../stats/index.ts';
import { readNow } from '../vfs/index.ts';
import type { VmallocSpace } from '../vmalloc/index.ts';
import type { PreparedRun } from './prepare.ts';

/** Files whose final text a result carries. */
const RESULT_FILES = [
  '/sys/kernel/debug/modules/stats',
  '/proc/vmallocinfo',
  '/proc/modules',
  '/proc/meminfo',
] as const;

/** The result document of a run that has ended. */
export function collectResult(run: PreparedRun): RunResult {
  const { kernel, observer, scenario } = run;
  const { stats } = kernel.ctx;
  const files: Record<string, string> = {};
  for (const path of RESULT_FILES) {
    const file = kernel.files.get(path);
    const text = file && readNow(file);
    if (typeof text === 'string') files[path] = text;
  }
  const counters: Record<string, number | string> = {};
  const trueCounters: Record<string, number> = {};
  for (const name of COUNTER_NAMES) {
    const shown = stats.shown(name);
    counters[name] = shown <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(shown) : String(shown);
    trueCounters[name] = stats.true(name);
  }
  const { source } = kernel.options;
  const vmalloc = run.machineBlock.vmalloc as { start: string; end: string };
  const wasted = {
    kread: stats.true('invalid_kread_bytes'),
    decompress: stats.true('invalid_decompress_bytes'),
    becoming: stats.true('invalid_becoming_bytes'),
    load: stats.true('invalid_mod_bytes'),
  };
  const expectations = checkExpectations(scenario.steps ?? [], observer.results);
  return {
    version: 1,
    scenario: { name: scenario.name, seed: scenario.seed },
    kernel: run.kernelBlock,
    machine: run.machineBlock,
    modules: {
      source: source.name,
      files: source.files.length,
      bytes: source.files.reduce((sum, file) => sum + file.size, 0),
    },
    results: observer.results,
    results_total: observer.resultsTotal,
    calls: observer.calls,
    counters,
    counters_true: trueCounters,
    wasted,
    wasted_true: { ...wasted, kread: wasted.kread - observer.readErrors },
    duplicates: stats.duplicates(),
    files,
    vmalloc: { ...kernel.space.stats(), start: vmalloc.start, end: vmalloc.end },
    ...moduleSpace(kernel.space),
    peak: observer.peak,
    first_failure: observer.firstFailure,
    end_ns: kernel.engine.now,
    settled_ns: observer.settled,
    events: observer.events,
    stuck: observer.stuck,
    stuck_text: explainStuck(observer.stuck),
    expectations: expectations.checked,
    unmet: expectations.unmet,
  };
}

function moduleSpace(space: VmallocSpace): Pick<RunResult, 'module_space'> {
  const { preset } = space;
  if (preset.modules === 'vmalloc') return {};
  const address = (offset: VirtAddr): string => `0x${formatAddress(preset, offset)}`;
  const { start, end } = preset.modules;
  return {
    module_space: { ...space.stats('modules'), start: address(start), end: address(end) },
  };
}
