// SPDX-License-Identifier: MIT
import { formatAddress } from '../base/index.ts';
import { KernelSetupError, SimKernel } from '../kernel.ts';
import type { InitBehaviour, InitRequest, ModuleSource } from '../module/index.ts';
import {
  type AddressSpacePreset,
  type KernelExports,
  totalRamPages,
  windowAround,
} from '../presets/index.ts';
import { type Program, RunObserver } from '../session/index.ts';
import {
  exportsFromNames,
  exportsFromSymvers,
  inferIdentity,
  parseModuleSymvers,
} from '../survey/index.ts';
import {
  buildModuleIndex,
  type ModuleIndex,
  ModuleIndexError,
  moduleBlacklist,
} from '../userspace/index.ts';
import { CompileError, compileScenario, moduleNameOf } from './compile.ts';
import { checkMachine, strayMachines } from './follow-modules.ts';
import { type ChosenKernel, chosenKernel } from './kernel-choice.ts';
import { addressSpace, machineCosts, userlandOptions } from './machine.ts';
import type { InitChoice, InitRequestChoice, MachineChoice, Scenario } from './schema.ts';

/** A scenario with its kernel, ready to be driven. */
export interface PreparedRun {
  readonly scenario: Scenario;
  readonly kernel: SimKernel;
  readonly program: Program;
  readonly observer: RunObserver;
  /** The kernel and machine blocks of the result. */
  readonly kernelBlock: Readonly<Record<string, unknown>>;
  readonly machineBlock: Readonly<Record<string, unknown>>;
  /** What of the modules cannot be used, one sentence each; known in full after the run. */
  warnings(): readonly string[];
}

export interface PrepareOptions {
  readonly source: ModuleSource;
  /** Called while a large source is looked through. */
  readonly onProgress?: (done: number, total: number) => void;
  /** What of the scenario was taken from its modules, for the result (`followModules`). */
  readonly followed?: readonly string[];
}

/** Builds the kernel a scenario describes. Throws CompileError for what cannot be. */
export function prepareRun(scenario: Scenario, options: PrepareOptions): PreparedRun {
  const { source } = options;
  const beside = source.metadata.kernelConfig;
  const kernelChosen = chosenKernel(scenario.kernel, beside?.text);
  const { preset } = kernelChosen;
  let { features } = kernelChosen;
  const choice = typeof scenario.kernel === 'string' ? undefined : scenario.kernel;
  const given = {
    release: choice?.release,
    vermagic: choice?.vermagic,
    structModuleSize: choice?.struct_module_size,
    exports: choice?.exports === undefined ? undefined : exportsOf(choice.exports),
    blacklist: [...(choice?.blacklist ?? []), ...moduleBlacklist(scenario.machine.command_line)],
  };
  const { preset: space, note: windowNote } = windowAround(
    addressSpace(scenario.machine),
    scenario.machine.initial ?? '',
  );
  checkMachine(source, space);
  checkConfig(kernelChosen, space);
  const {
    identity: inferred,
    report,
    compression,
  } = inferIdentity(source, given, (progress) =>
    options.onProgress?.(progress.done, progress.total),
  );
  const identity =
    choice?.trusted_keys === undefined
      ? inferred
      : { ...inferred, trustedKeys: choice.trusted_keys };
  const decided = [...kernelChosen.given, ...kernelChosen.read];
  if (!decided.includes('compression') && compression !== undefined) {
    features = { ...features, compression };
  }
  // Page tables of 64-bit machines and of ARM always know NX.
  if (!decided.includes('nx') && source.identity === undefined && space.arch !== 'i386') {
    features = { ...features, nx: true };
  }
  const costs = machineCosts(scenario.machine);
  const { cpus, initial, percpu, command_line: commandLine } = scenario.machine;
  const sockets = scenario.machine.sockets ?? Math.max(1, Math.round(cpus / 64));
  let made: ModuleIndex | undefined;
  const index = (): ModuleIndex => {
    try {
      made ??= buildModuleIndex(source, {
        conf: scenario.userspace.modprobe_conf,
        files: scenario.userspace.modprobe_d,
        commandLine,
      });
    } catch (error) {
      if (error instanceof ModuleIndexError) throw new CompileError('modules', error.message);
      throw error;
    }
    return made;
  };
  const program = compileScenario(scenario, {
    source,
    loadOrder: () => loadOrder(index()),
    fileOf: fileFinder(source),
    index,
  });
  let kernel: SimKernel;
  try {
    kernel = new SimKernel({
      features,
      identity,
      space,
      cpus,
      sockets,
      costs,
      seed: scenario.seed,
      source,
      init: initBehaviours(scenario),
      moduleIndex: index,
      userland: userlandOptions(scenario),
      commandLine,
      ...(initial === undefined ? {} : { initialVmallocinfo: initial }),
      ...(percpu === undefined ? {} : { percpu }),
      ...ramOf(scenario.machine, space.wordBits),
    });
  } catch (error) {
    if (error instanceof KernelSetupError) throw new CompileError('machine.initial', error.message);
    throw error;
  }
  return {
    scenario,
    kernel,
    program,
    observer: new RunObserver(kernel, scenario.steps !== undefined),
    kernelBlock: {
      base: preset.name,
      release: identity.release,
      vermagic: identity.vermagic,
      struct_module_size: identity.structModuleSize ?? null,
      modversions: identity.modversions,
      blacklist: identity.blacklist,
      ...(identity.trustedKeys === undefined ? {} : { trusted_keys: identity.trustedKeys }),
      inferred: report,
      config: configReport(kernelChosen, scenario, beside?.name),
      followed: options.followed ?? [],
      features,
    },
    machineBlock: {
      cpus,
      vmalloc: {
        name: space.name,
        arch: space.arch,
        start: `0x${formatAddress(space, space.vmallocStart)}`,
        end: `0x${formatAddress(space, space.vmallocEnd)}`,
        bytes: space.vmallocEnd - space.vmallocStart,
      },
      ...(initial === undefined ? {} : { initial }),
      costs,
    },
    warnings: () => [
      ...(kernelChosen.note === undefined ? [] : [kernelChosen.note]),
      ...(windowNote === undefined ? [] : [windowNote]),
      ...(source.problems ?? []),
      ...strayMachines(source, space),
      ...(made?.problems ?? []),
    ],
  };
}

/** Where the features come from that a configuration decides. */
function configReport(
  { config, read, assumed, given, features }: ChosenKernel,
  { kernel }: Scenario,
  beside: string | undefined,
): Readonly<Record<string, unknown>> {
  const own = typeof kernel !== 'string' && kernel.config !== undefined;
  const others = Object.keys(features).filter((name) => !read.includes(name));
  return {
    from: config === undefined ? null : own ? 'given' : (beside ?? null),
    release: config?.release ?? null,
    read,
    given,
    assumed: config === undefined ? others.filter((name) => !given.includes(name)) : assumed,
  };
}

/** A configuration of another architecture than the machine's is a mistake. */
function checkConfig({ config }: ChosenKernel, space: AddressSpacePreset): void {
  if (config?.arch === undefined) return;
  const { arch, symbols } = config;
  const made =
    arch === 'x86' || arch === 'i386' || arch === 'x86_64'
      ? symbols.get('X86_64') === 'y'
        ? 'x86-64'
        : 'i386'
      : arch === 'arm'
        ? 'arm32'
        : arch;
  if (made === space.arch) return;
  throw new CompileError(
    'kernel.config',
    `the configuration of a kernel for ${made}, on a machine that is ${space.arch} (${space.name})`,
  );
}

/** What a scenario says the kernel proper exports: a list, or the text of Module.symvers. */
function exportsOf(given: string | readonly string[]): KernelExports {
  if (typeof given !== 'string') return exportsFromNames(given);
  const parsed = parseModuleSymvers(given);
  if (parsed.ok) return exportsFromSymvers(parsed.entries);
  const { line, expected, found } = parsed;
  throw new CompileError('kernel.exports', `line ${line}: expected ${expected}, found ${found}`);
}

/** Module files with what they need before them, otherwise as depmod lists them; unreadable ones last. */
function loadOrder(index: ModuleIndex): string[] {
  const order: string[] = [];
  const placed = new Set<string>();
  for (const { name, path, dependencies } of index.modules) {
    for (const needed of [...dependencies, name]) {
      if (placed.has(needed)) continue;
      placed.add(needed);
      order.push(needed === name ? path : (index.module(needed)?.path ?? path));
    }
  }
  return [...order, ...index.unreadable];
}

/** RAM that the kernel has to give, when the machine says how much there is. */
function ramOf(machine: MachineChoice, wordBits: 32 | 64): { ramPages?: number } {
  const { memory_mb, total_ram_kb } = machine;
  if (total_ram_kb !== undefined) return { ramPages: Math.floor(total_ram_kb / 4) };
  if (memory_mb === undefined) return {};
  return { ramPages: totalRamPages(memory_mb * 1024 * 1024, wordBits) };
}

function fileFinder(source: ModuleSource): (name: string) => string | undefined {
  let byName: Map<string, string> | undefined;
  return (name) => {
    byName ??= new Map(source.files.map((file) => [moduleNameOf(file.path), file.path]));
    return byName.get(name.replaceAll('-', '_'));
  };
}

function initRequest(choice: InitRequestChoice): InitRequest {
  if (typeof choice === 'string') return { name: choice, wait: true };
  if ('uevent' in choice) return { modalias: choice.uevent };
  return { name: choice.request, wait: choice.wait };
}

function initBehaviours(scenario: Scenario): Map<string, InitBehaviour | InitBehaviour[]> {
  const map = new Map<string, InitBehaviour | InitBehaviour[]>();
  if (typeof scenario.modules === 'string') return map;
  const defaultDuration = machineCosts(scenario.machine).init_ns;
  const behaviour = (init: InitChoice): InitBehaviour => ({
    ret: init.ret,
    duration:
      (init.duration_us === undefined ? defaultDuration : init.duration_us * 1000) +
      init.cpu_us * 1000 * scenario.machine.cpus,
    sleeps: init.sleeps,
    exitSleep: init.exit_us * 1000,
    exitInOrder: init.exit_order === 'as_taken',
    holds: init.holds.map((module) => module.replaceAll('-', '_')),
    keeps: init.keeps_vmalloc,
    uses: init.uses_vmalloc,
    usesInOrder: init.uses_order === 'as_taken',
    tries: init.tries_vmalloc,
    requests: init.requests.map(initRequest),
    ...(init.async === undefined
      ? {}
      : {
          async: {
            duration: init.async.duration_us * 1000,
            requests: init.async.requests.map(initRequest),
          },
        }),
  });
  for (const [name, init] of Object.entries(scenario.modules.init)) {
    const made = Array.isArray(init) ? init.map(behaviour) : behaviour(init);
    map.set(name.replaceAll('-', '_'), made);
  }
  return map;
}
