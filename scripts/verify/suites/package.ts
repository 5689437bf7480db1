// SPDX-License-Identifier: MIT
// Every module of a distribution's kernel package: loaded with what it needs, looked at, unloaded.

import { execFileSync } from 'node:child_process';
import type { LinuxGuestFiles } from '../../../emulator/linux/guest-cache.ts';
import { Random } from '../../../loader/engine/index.ts';
import type { ModuleSource } from '../../../loader/module/index.ts';
import type { Scenario } from '../../../loader/scenario/index.ts';
import { buildModuleIndex, type ModuleIndex } from '../../../loader/userspace/index.ts';
import { openModuleDirectory } from '../../cli/module-directory.ts';
import { type Step, type Suite, scenarioOf, type VerifyCase } from '../suite.ts';

/** Modules of one boot, beside those they need. */
const TARGETS = 100;
/** Modules loaded between two looks at the address space, beside those they need. */
const BATCH = 6;
/** The order of the modules, the same for each seed: a seed is a part of it. */
const ORDER_SEED = 1;
const READS = ['/proc/modules', '/proc/vmallocinfo'];

/**
 * Not loaded, nor what needs them: they crash or stop the machine, or load it for minutes, on purpose.
 */
const LEFT_OUT =
  /^(rcutorture|locktorture|scftorture|rcuscale|refscale|torture|lkdtm|kgdbts|test_\w+|cec_\w*|hwpoison_inject|mce_inject|notifier_error_inject|\w+_notifier_error_inject|tcrypt|async_raid6_test|raid6test|iommufd_test|preemptirq_delay_test|kmem_test|dmatest)$/;

/** Parts of a package of so many modules. */
export const PACKAGE_SEEDS: readonly number[] = Array.from({ length: 42 }, (_, i) => i + 1);

export const debianPackage: Suite = {
  name: 'package',
  summary: 'every module of the kernel’s package, with what it needs, in parts',
  machines: ['qemu-x86_64'],
  variants: ['xz'],
  seeds: PACKAGE_SEEDS,
  async cases(_modules, seed, _variant, target) {
    const source = openModuleDirectory(target.guest.modules);
    const index = buildModuleIndex(source);
    const names = new Random(ORDER_SEED).shuffle(
      [...index.modules].filter((module) => !isLeftOut(module)).map(({ name }) => name),
    );
    const targets = names.slice((seed - 1) * TARGETS, seed * TARGETS);
    if (targets.length === 0) return [];
    return [packageCase(`package part ${seed}`, targets, index, source, seed)];
  },
};

export function isLeftOut(module: { name: string; dependencies: readonly string[] }): boolean {
  return [module.name, ...module.dependencies].some((name) => LEFT_OUT.test(name));
}

function packageCase(
  title: string,
  targets: readonly string[],
  index: ModuleIndex,
  source: ModuleSource,
  seed: number,
): VerifyCase {
  const steps: Step[] = [];
  const used = new Set<string>();
  for (let at = 0; at < targets.length; at += BATCH) {
    const order: string[] = [];
    for (const target of targets.slice(at, at + BATCH)) {
      const { dependencies } = index.module(target)!;
      for (const name of [...dependencies, target]) if (!order.includes(name)) order.push(name);
    }
    for (const name of order) {
      used.add(name);
      steps.push({ finit_module: plainPath(index.module(name)!.path) });
    }
    for (const path of READS) steps.push({ read: path });
    for (const name of order.toReversed()) steps.push({ delete_module: name });
  }
  for (const path of READS) steps.push({ read: path });
  return { scenario: scenarioOf(title, steps, { seed }), files: plainFiles(used, index, source) };
}

const plainPath = (path: string): string => path.replace(/\.(xz|gz|zst)$/, '');

/** Decompressed files of modules, by the path they have without the compression's suffix. */
export function plainFiles(
  names: ReadonlySet<string>,
  index: ModuleIndex,
  source: ModuleSource,
): Map<string, Uint8Array> {
  const byPath = new Map(source.files.map((file) => [file.path, file]));
  const files = new Map<string, Uint8Array>();
  for (const name of names) {
    const { path } = index.module(name)!;
    const bytes = byPath.get(path)!.read();
    files.set(plainPath(path), path.endsWith('.xz') ? unxz(bytes) : bytes);
  }
  return files;
}

/** The system's own decompressor: what the kernel is given must not depend on ours. */
function unxz(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(execFileSync('xz', ['-dc'], { input: bytes, maxBuffer: 1 << 30 }));
}

/** The files that a scenario of one's own names in its steps, with what they need. */
export function packageFiles(scenario: Scenario, guest: LinuxGuestFiles): Map<string, Uint8Array> {
  const source = openModuleDirectory(guest.modules);
  const index = buildModuleIndex(source);
  const named = JSON.stringify(scenario.steps ?? []).matchAll(
    /"(?:[^"]*\/)?([\w-]+)\.ko"|"modprobe":"([\w-]+)"/g,
  );
  const names = new Set<string>();
  for (const [, file, modprobe] of named) {
    const module = index.module((file ?? modprobe ?? '').replaceAll('-', '_'));
    if (module === undefined) continue;
    for (const name of [...module.dependencies, module.name]) names.add(name);
  }
  return plainFiles(names, index, source);
}
