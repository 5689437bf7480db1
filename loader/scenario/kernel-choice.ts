// SPDX-License-Identifier: MIT
/** The kernel a scenario names: a preset, single features switched, a configuration read. */
import {
  KERNEL_PRESETS,
  type KernelFeatures,
  type KernelName,
  type KernelPreset,
  type ResolvedKernel,
  resolveKernel,
  standInPreset,
} from '../presets/index.ts';
import { featuresOfConfig, type KernelConfig, parseKernelConfig } from '../survey/index.ts';
import { CompileError } from './compile-error.ts';
import { firstProblem } from './input-problem.ts';
import { unknownName } from './nearest-name.ts';
import { type KernelChoice, kernelSchema } from './schema.ts';

/** A kernel by name, such as `v6.4+early_check=false+dups=off`. */
export interface NamedKernel {
  readonly base: string;
  /** Features by name, and the values they are switched to. */
  readonly switches: Readonly<Record<string, unknown>>;
}

export interface ChosenKernel {
  readonly preset: KernelPreset;
  readonly features: KernelFeatures;
  /** Features that the scenario gives by itself. */
  readonly given: readonly string[];
  /** Features that the configuration decided, and those it could not. */
  readonly read: readonly string[];
  readonly assumed: readonly string[];
  readonly config: KernelConfig | undefined;
  /** What to tell people when the kernel's name is not that of a preset. */
  readonly note: string | undefined;
}

/** The kernel of that name, or an error that suggests the nearest, or the one to take. */
export function kernelPreset(name: string, place: string): ResolvedKernel {
  const resolved = resolveKernel(name);
  if (resolved) return resolved;
  const names = Object.keys(KERNEL_PRESETS) as KernelName[];
  const standIn = standInPreset(name);
  const nearest =
    standIn === undefined ? '' : `; of its age is ${standIn.preset.name}: ${standIn.why}`;
  throw new CompileError(place, `${unknownName('kernel', name, names)}${nearest}`);
}

/** `v6.4+early_check=false` in its parts. Throws CompileError for what is no feature or value. */
export function namedKernel(text: string, place: string): NamedKernel {
  const [base = '', ...changes] = text.split('+');
  kernelPreset(base, place);
  const switches: Record<string, unknown> = {};
  const known = Object.keys(KERNEL_PRESETS['v6.12'].features);
  for (const change of changes) {
    const at = change.indexOf('=');
    const name = at < 0 ? change : change.slice(0, at);
    if (!known.includes(name)) throw new CompileError(place, unknownName('feature', name, known));
    const value = at < 0 ? 'true' : change.slice(at + 1);
    switches[name] = value === 'true' ? true : value === 'false' ? false : value;
  }
  const parsed = kernelSchema.safeParse({ base, ...switches });
  if (!parsed.success) {
    const { place: where, expected, found } = firstProblem(parsed.error, { base, ...switches });
    throw new CompileError(place, `${where}: expected ${expected}, found ${found}`);
  }
  return { base, switches };
}

/** Keys of a scenario's kernel that are no features. */
export const KERNEL_KEYS: readonly string[] = [
  'base',
  'release',
  'vermagic',
  'struct_module_size',
  'exports',
  'blacklist',
  'config',
  'trusted_keys',
];

/**
 * Features of a kernel: the preset's, over them what the configuration says, over that what the
 * scenario switches. `found` is a configuration that lies beside the modules; the scenario's own
 * comes before it.
 */
export function chosenKernel(choice: KernelChoice, found?: string): ChosenKernel {
  const whole = typeof choice === 'string' ? { base: choice } : choice;
  const { base, switches } = namedKernel(
    whole.base,
    typeof choice === 'string' ? 'kernel' : 'kernel.base',
  );
  const { preset, note } = kernelPreset(base, 'kernel');
  const text = 'config' in whole ? (whole.config ?? found) : found;
  const config = text === undefined ? undefined : kernelConfig(text);
  const decided = config && featuresOfConfig(config, preset.features);
  const given: Record<string, unknown> = { ...switches };
  for (const [name, value] of Object.entries(whole)) {
    if (!KERNEL_KEYS.includes(name) && value !== undefined) given[name] = value;
  }
  const features: Record<string, unknown> = {
    ...preset.features,
    ...decided?.features,
    ...given,
  };
  if (features.dups === false) features.dups = 'off';
  if (features.dups === true) {
    const usual = preset.features.dups;
    features.dups = usual === 'off' ? 'refcounted' : usual;
  }
  const names = Object.keys(given);
  return {
    preset,
    features: features as unknown as KernelFeatures,
    given: names,
    read: Object.keys(decided?.features ?? {}).filter((name) => !names.includes(name)),
    assumed: (decided?.assumed ?? []).filter((name) => !names.includes(name)),
    config,
    note,
  };
}

function kernelConfig(text: string): KernelConfig {
  const parsed = parseKernelConfig(text);
  if (parsed.ok) return parsed.config;
  const { line, expected, found } = parsed;
  throw new CompileError('kernel.config', `line ${line}: expected ${expected}, found ${found}`);
}
