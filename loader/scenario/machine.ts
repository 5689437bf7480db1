import {
  ADDRESS_SPACES,
  type AddressSpacePreset,
  customAddressSpace,
  DEFAULT_COSTS,
  DEFAULT_USERSPACE_COSTS,
  KERNEL_PRESETS,
  type KernelFeatures,
  type KernelName,
  type KernelPreset,
  MACHINE_KINDS,
  type MachineCosts,
  type ResolvedKernel,
  resolveKernel,
  vmallocBootOption,
} from '../presets/index.ts';
import type { UserlandOptions } from '../userspace/index.ts';
import { CompileError } from './compile.ts';
import { nearestName } from './nearest-name.ts';
import type { KernelChoice, MachineChoice, Scenario } from './schema.ts';

/** RAM that user space counts on when the scenario does not say. */
const DEFAULT_MEMORY_MB = 65_536;

/** The kernel preset of that name, or an error that suggests the nearest. */
export function kernelPreset(name: string, place: string): ResolvedKernel {
  const resolved = resolveKernel(name);
  if (resolved) return resolved;
  const names = Object.keys(KERNEL_PRESETS) as KernelName[];
  throw new CompileError(place, unknownName('kernel', name, names));
}

/** Features of a preset with a scenario's replacements. */
export function kernelFeatures(choice: KernelChoice): {
  readonly preset: KernelPreset;
  readonly features: KernelFeatures;
  /** What to tell people when the kernel's name is not that of a preset. */
  readonly note?: string | undefined;
} {
  if (typeof choice === 'string') {
    const { preset, note } = kernelPreset(choice, 'kernel');
    return { preset, features: preset.features, note };
  }
  const { base, release: _r, vermagic: _v, struct_module_size: _s, ...rest } = choice;
  const { exports: _e, blacklist: _b, trusted_keys: _t, ...replaced } = rest;
  const { preset, note } = kernelPreset(base, 'kernel.base');
  const features: Record<string, unknown> = { ...preset.features };
  for (const [name, value] of Object.entries(replaced)) {
    if (value !== undefined) features[name] = value;
  }
  if (features.dups === false) features.dups = 'off';
  if (features.dups === true) {
    const usual = preset.features.dups;
    features.dups = usual === 'off' ? 'refcounted' : usual;
  }
  return { preset, features: features as unknown as KernelFeatures, note };
}

/** The address space of a machine. */
export function addressSpace(machine: MachineChoice): AddressSpacePreset {
  const { vmalloc } = machine;
  if (typeof vmalloc === 'string') {
    const preset = ADDRESS_SPACES.get(vmalloc);
    if (preset) return preset;
    const names = [...ADDRESS_SPACES.keys()];
    throw new CompileError('machine.vmalloc', unknownName('address space', vmalloc, names));
  }
  const made =
    'mib' in vmalloc
      ? vmallocBootOption(vmalloc.mib)
      : customAddressSpace(vmalloc.start, vmalloc.end);
  if (!made.ok) throw new CompileError('machine.vmalloc', made.message);
  return made.preset;
}

export function machineCosts(machine: MachineChoice): MachineCosts {
  const given = Object.entries(machine.costs).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_COSTS, ...MACHINE_KINDS[machine.kind].costs, ...Object.fromEntries(given) };
}

/** User space of a scenario. */
export function userlandOptions(scenario: Scenario): UserlandOptions {
  const { userspace, machine } = scenario;
  const given = Object.entries(userspace.costs).filter(([, value]) => value !== undefined);
  const refused = new Map(Object.entries(userspace.refuse_request));
  return {
    costs: {
      ...DEFAULT_USERSPACE_COSTS,
      ...MACHINE_KINDS[machine.kind].userspace,
      ...Object.fromEntries(given),
    },
    ram: (machine.memory_mb ?? DEFAULT_MEMORY_MB) * 1024 * 1024,
    programs: new Map(
      Object.entries(userspace.programs).map(([path, { exit, duration_ms, modprobe, binfmt }]) => [
        path,
        {
          exit,
          duration: duration_ms * 1_000_000,
          modprobe,
          ...(binfmt === undefined ? {} : { binfmt }),
        },
      ]),
    ),
    ...(userspace.udev_children_max === undefined
      ? {}
      : { childrenMax: userspace.udev_children_max }),
    ...(refused.size === 0 ? {} : { security: (name: string) => refused.get(name) ?? 0 }),
  };
}

export function unknownName(what: string, name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return `no ${what} ${JSON.stringify(name)} (known: ${known.join(', ')})${hint}`;
}
