// SPDX-License-Identifier: MIT
/** The machine and the kernel of a scenario that names neither: what its modules were made for. */
import { ELF_ARCH } from '../kernel.ts';
import type { ModuleSource } from '../module/index.ts';
import {
  type AddressSpacePreset,
  DEFAULT_ADDRESS_SPACE,
  KERNEL_PRESETS,
  type KernelPreset,
  resolveKernel,
  standInPreset,
} from '../presets/index.ts';
import { type MachineShare, machinesOfModules } from '../survey/index.ts';
import { CompileError } from './compile-error.ts';

export interface FollowedDocument {
  readonly document: unknown;
  /** What was taken from the modules, one sentence each. */
  readonly followed: readonly string[];
}

/** Address space of a machine that nothing else is known of, by the name of its modules' ELF. */
const USUAL_SPACE = {
  i386: DEFAULT_ADDRESS_SPACE,
  x86_64: 'x86-64',
  arm: 'arm32',
  arm64: 'arm64',
} as const;

/** From this share on, files of another machine are no accident. */
const MIXED = 0.1;

/**
 * The document with `machine.vmalloc` and `kernel` filled in where it leaves them out. Throws
 * CompileError for modules of no machine of the model, or of several.
 */
export function followModules(document: unknown, source: ModuleSource): FollowedDocument {
  if (source.identity !== undefined || !isRecord(document)) return { document, followed: [] };
  const share = machineOf(source);
  const machine = isRecord(document.machine) ? document.machine : {};
  const made: Record<string, unknown> = { ...document };
  const followed: string[] = [];
  if (machine.vmalloc === undefined && share?.arch !== undefined) {
    const vmalloc = USUAL_SPACE[share.arch];
    made.machine = { ...machine, vmalloc };
    followed.push(`machine ${vmalloc}, as the modules are for ${share.name}`);
  }
  const rules = source.release === undefined ? undefined : rulesOf(source.release);
  if (rules !== undefined) {
    const { kernel } = document;
    if (kernel === undefined) made.kernel = rules.name;
    else if (isRecord(kernel) && kernel.base === undefined) {
      made.kernel = { ...kernel, base: rules.name };
    }
    if (made.kernel !== document.kernel) followed.push(`rules of ${rules.name}: ${rules.why}`);
  }
  return { document: made, followed };
}

/** A kernel name for a release, and why that one; undefined when it names no version. */
function rulesOf(release: string): { readonly name: string; readonly why: string } | undefined {
  const resolved = resolveKernel(release);
  if (resolved === undefined) {
    const standIn = standInPreset(release);
    return standIn && { name: standIn.preset.name, why: standIn.why };
  }
  const { preset, note } = resolved;
  const whole = (Object.values(KERNEL_PRESETS) as KernelPreset[]).includes(preset);
  return {
    name: whole ? preset.name : preset.release,
    why: note ?? `the modules are of ${release}`,
  };
}

/** Throws CompileError when the modules are for another machine than that of `space`. */
export function checkMachine(source: ModuleSource, space: AddressSpacePreset): void {
  if (source.identity !== undefined) return;
  const share = machineOf(source);
  if (share === undefined || share.arch === ELF_ARCH[space.arch]) return;
  throw new CompileError(
    'machine.vmalloc',
    `${space.name}, which is ${space.arch}, and modules for ${share.name} in ${source.name} ` +
      `(${share.example}); leave it out, or name a machine for ${share.name}`,
  );
}

/** Modules of another machine that a run has all the same, one sentence each. */
export function strayMachines(source: ModuleSource, space: AddressSpacePreset): string[] {
  if (source.identity !== undefined) {
    const { arch } = source.identity;
    if (arch === ELF_ARCH[space.arch]) return [];
    const machine = `${space.arch} (${space.name})`;
    return [`${source.name}: modules for ${arch}, on a machine that is ${machine}`];
  }
  const [first, ...others] = machinesOfModules(source).shares;
  return others.map(
    ({ name, example }) =>
      `${source.name}: ${example} is for ${name}, the others for ${first!.name}`,
  );
}

/** The machine of a source's modules; undefined when no file tells. */
function machineOf(source: ModuleSource): MachineShare | undefined {
  const { shares } = machinesOfModules(source);
  const [first, second] = shares;
  if (first === undefined) return undefined;
  const total = shares.reduce((sum, { files }) => sum + files, 0);
  if (second !== undefined && total - first.files >= total * MIXED) {
    const parts = shares.map(
      ({ name, files, example }) => `${name} (${files}, such as ${example})`,
    );
    throw new CompileError(
      'modules',
      `${source.name}: modules for several machines, ${parts.join(' and ')}; expected those of one`,
    );
  }
  if (first.arch !== undefined) return first;
  throw new CompileError(
    'modules',
    `${source.name}: modules for ${first.name} (${first.example}); ` +
      `expected i386, x86_64, arm or arm64`,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
