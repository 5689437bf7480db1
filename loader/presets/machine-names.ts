// SPDX-License-Identifier: MIT
/** Machines by the names people have for them. */
import { ADDRESS_SPACES, DEFAULT_ADDRESS_SPACE } from './address-spaces.ts';

/** What `uname -m`, Debian and the kernel's `arch/` call an architecture, and its usual space. */
const MACHINES: Readonly<Record<string, string>> = {
  i386: DEFAULT_ADDRESS_SPACE,
  i686: DEFAULT_ADDRESS_SPACE,
  x86: DEFAULT_ADDRESS_SPACE,
  'x86-64': 'x86-64',
  x86_64: 'x86-64',
  amd64: 'x86-64',
  arm: 'arm32',
  arm32: 'arm32',
  armhf: 'arm32',
  armv7l: 'arm32',
  arm64: 'arm64',
  aarch64: 'arm64',
};

/** Every name a machine has. */
export const MACHINE_NAMES: readonly string[] = [
  ...new Set([...Object.keys(MACHINES), ...ADDRESS_SPACES.keys()]),
];

/** The address space of a machine by its name; undefined when there is no such machine. */
export function spaceOfMachine(name: string): string | undefined {
  if (ADDRESS_SPACES.has(name)) return name;
  return Object.hasOwn(MACHINES, name) ? MACHINES[name] : undefined;
}
