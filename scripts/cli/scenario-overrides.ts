// SPDX-License-Identifier: MIT
/** What the command line puts over a scenario's document. */
import { MACHINE_NAMES, spaceOfMachine } from '../../loader/presets/index.ts';
import { CompileError, namedKernel, unknownName } from '../../loader/scenario/index.ts';
import { InputError } from './input-error.ts';
import { readKernelConfig } from './kernel-config-file.ts';

export interface ScenarioOverrides {
  readonly kernel?: string | undefined;
  readonly cpus?: number | undefined;
  readonly seed?: number | undefined;
  readonly modules?: string | undefined;
  /** An architecture or a named address space. */
  readonly machine?: string | undefined;
  /** A named address space, `START-END`, or a size such as `64M`. */
  readonly vmalloc?: string | undefined;
  /** File of a kernel's configuration. */
  readonly kernelConfig?: string | undefined;
}

/** The document with the overrides in it. Throws an InputError that names the option. */
export function withOverrides(document: unknown, overrides: ScenarioOverrides): unknown {
  if (document === null || typeof document !== 'object' || Array.isArray(document)) return document;
  const scenario: Record<string, unknown> = { ...document };
  const { cpus, seed, modules } = overrides;
  if (overrides.kernel !== undefined) {
    scenario.kernel = kernelOver(scenario.kernel, overrides.kernel);
  }
  if (overrides.kernelConfig !== undefined) {
    const config = readKernelConfig(overrides.kernelConfig);
    const { kernel } = scenario;
    const given = typeof kernel === 'string' ? { base: kernel } : ((kernel ?? {}) as object);
    scenario.kernel = { ...given, config };
  }
  const vmalloc = vmallocOver(overrides);
  if (cpus !== undefined || vmalloc !== undefined) {
    scenario.machine = {
      ...(scenario.machine as object),
      ...(cpus === undefined ? {} : { cpus }),
      ...(vmalloc === undefined ? {} : { vmalloc }),
    };
  }
  if (seed !== undefined) scenario.seed = seed;
  if (modules !== undefined) {
    const init = (scenario.modules as { init?: unknown } | undefined)?.init;
    scenario.modules = { dir: modules, ...(init === undefined ? {} : { init }) };
  }
  return scenario;
}

function kernelOver(given: unknown, text: string): unknown {
  try {
    const { base, switches } = namedKernel(text, '--kernel');
    if (given !== null && typeof given === 'object') return { ...given, ...switches, base };
    return text;
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    throw new InputError({ file: '--kernel', expected: 'a kernel', found: error.message });
  }
}

function vmallocOver({ machine, vmalloc }: ScenarioOverrides): unknown {
  const usual = machine === undefined ? undefined : spaceOfMachine(machine);
  if (machine !== undefined && usual === undefined) {
    const found = unknownName('machine', machine, MACHINE_NAMES);
    throw new InputError({ file: '--machine', expected: 'a machine', found });
  }
  if (vmalloc === undefined) return usual;
  if (spaceOfMachine(vmalloc) !== undefined) {
    if (machine === undefined) return spaceOfMachine(vmalloc);
    const found = `--machine ${machine} beside --vmalloc ${vmalloc}`;
    throw new InputError({ file: '--vmalloc', expected: 'one of the two', found });
  }
  const arch = machine === undefined ? {} : { arch: machineArch(usual!) };
  const size = /^([1-9]\d{0,3})(?:M|MiB)?$/.exec(vmalloc);
  if (size) return { mib: Number(size[1]), ...arch };
  const range = /^(0x[0-9a-fA-F]{1,16})-(0x[0-9a-fA-F]{1,16})$/.exec(vmalloc);
  if (range) return { start: range[1], end: range[2], ...arch };
  throw new InputError({
    file: '--vmalloc',
    expected: `an address space (${MACHINE_NAMES.join(', ')}), 0xSTART-0xEND, or a size such as 64M`,
    found: JSON.stringify(vmalloc),
  });
}

function machineArch(space: string): string {
  return space.startsWith('i386') ? 'i386' : space;
}
