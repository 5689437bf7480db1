// SPDX-License-Identifier: MIT
// A scenario as the Linux guest is to run it: its steps, files, modprobe and command line.

import type { LinuxGuestFiles, LinuxVariant } from '../../emulator/linux/guest-cache.ts';
import type { GuestHost } from '../../emulator/linux/guest-host.ts';
import { modulesFor } from '../../emulator/linux/scenario-ops.ts';
import type { LinuxScenario } from '../../emulator/linux/scenario-runner.ts';
import type { ModuleSource } from '../../loader/module/index.ts';
import type { Scenario, Step } from '../../loader/scenario/index.ts';
import { planModprobe } from './modprobe-list.ts';
import { type ModuleFiles, sourceOf } from './module-files.ts';

export interface LinuxTask {
  /** Its `steps` are run; its kernel, cpus and initial address space are the guest's. */
  readonly scenario: Scenario;
  readonly files: ModuleFiles;
  readonly guest: LinuxGuestFiles;
  readonly variant: LinuxVariant;
  /** The emulator; v86 unless told. */
  readonly host?: GuestHost;
  readonly cpus?: number;
  readonly memoryMb?: number;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly onProgress?: (step: number, of: number) => void;
}

/** Throws GuestMappingError for steps that cannot be asked of the guest. */
export function linuxScenarioOf(task: LinuxTask): {
  /** The scenario's, after what they need. */
  readonly steps: readonly Step[];
  readonly source: ModuleSource;
  readonly linux: LinuxScenario;
  /** Modules the kernel is told to refuse. */
  readonly blacklist: string[];
} {
  const { scenario, files, guest, signal, timeoutMs, onProgress } = task;
  const given = scenario.steps ?? [];
  const load = (finit_module: string): Step => ({ finit_module, flags: 0, args: '', open: 'read' });
  const steps = [...modulesFor(given).map(load), ...given];
  const source = sourceOf(files, guest.release);
  const mib = windowMib(scenario);
  const kernel = typeof scenario.kernel === 'object' ? scenario.kernel : undefined;
  const blacklist = kernel?.blacklist ?? [];
  const linux: LinuxScenario = {
    guest,
    steps,
    modules: files,
    ...planModprobe(scenario, steps, source),
    // Model: no highmem rule is needed, since addresses are the same without it.
    ...(task.variant === 'gzip' ? { highmem: false } : {}),
    ...(mib === undefined ? {} : { vmallocMb: mib }),
    ...(blacklist.length === 0 ? {} : { commandLine: `module_blacklist=${blacklist.join(',')}` }),
    ...(task.host === undefined ? {} : { host: task.host }),
    ...(task.cpus === undefined ? {} : { cpus: task.cpus }),
    ...(task.memoryMb === undefined ? {} : { memoryMb: task.memoryMb }),
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  return { steps, source, linux, blacklist };
}

/** MiB of the window when the scenario names a size, the guest's own otherwise. */
export function windowMib({ machine: { vmalloc } }: Scenario): number | undefined {
  return typeof vmalloc === 'object' && 'mib' in vmalloc ? vmalloc.mib : undefined;
}
