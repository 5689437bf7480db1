import { formatAddress } from '../base/index.ts';
import type { ElfArch } from '../elf/index.ts';
import { ELF_ARCH, KernelSetupError, SimKernel } from '../kernel.ts';
import type { InitBehaviour, InitRequest, ModuleSource } from '../module/index.ts';
import type { AddressSpacePreset, KernelExports } from '../presets/index.ts';
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
import { addressSpace, kernelFeatures, machineCosts, userlandOptions } from './machine.ts';
import type { InitChoice, InitRequestChoice, Scenario } from './schema.ts';

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
}

/** Builds the kernel a scenario describes. Throws CompileError for what cannot be. */
export function prepareRun(scenario: Scenario, options: PrepareOptions): PreparedRun {
  const { source } = options;
  const { preset, features: chosen, note } = kernelFeatures(scenario.kernel);
  let features = chosen;
  const choice = typeof scenario.kernel === 'string' ? undefined : scenario.kernel;
  const given = {
    release: choice?.release,
    vermagic: choice?.vermagic,
    structModuleSize: choice?.struct_module_size,
    exports: choice?.exports === undefined ? undefined : exportsOf(choice.exports),
    blacklist: [...(choice?.blacklist ?? []), ...moduleBlacklist(scenario.machine.command_line)],
  };
  const space = addressSpace(scenario.machine);
  const {
    identity: inferred,
    arch,
    report,
    compression,
  } = inferIdentity(source, given, (progress) =>
    options.onProgress?.(progress.done, progress.total),
  );
  const identity =
    choice?.trusted_keys === undefined
      ? inferred
      : { ...inferred, trustedKeys: choice.trusted_keys };
  if (choice?.compression === undefined && compression !== undefined) {
    features = { ...features, compression };
  }
  const costs = machineCosts(scenario.machine);
  const { cpus, initial, memory_mb, command_line: commandLine } = scenario.machine;
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
      ...(memory_mb === undefined ? {} : { ramPages: memory_mb * 256 }),
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
      ...(note === undefined ? [] : [note]),
      ...foreignModules(arch, space, source),
      ...(made?.problems ?? []),
    ],
  };
}

function foreignModules(
  arch: ElfArch | undefined,
  space: AddressSpacePreset,
  source: ModuleSource,
): string[] {
  if (arch === undefined || arch === ELF_ARCH[space.arch]) return [];
  return [
    `${source.name}: modules for ${arch}, on a machine that is ${space.arch} (${space.name})`,
  ];
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
