// SPDX-License-Identifier: MIT
import {
  ADDRESS_SPACES,
  type AddressSpacePreset,
  customAddressSpace,
  DEFAULT_COSTS,
  DEFAULT_USERSPACE_COSTS,
  MACHINE_KINDS,
  type MachineCosts,
  vmallocBootOption,
} from '../presets/index.ts';
import type { UserlandOptions } from '../userspace/index.ts';
import { CompileError } from './compile-error.ts';
import { unknownName } from './nearest-name.ts';
import type { MachineChoice, Scenario } from './schema.ts';

/** RAM that user space counts on when the scenario does not say. */
const DEFAULT_MEMORY_MB = 65_536;

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
