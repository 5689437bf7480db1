// SPDX-License-Identifier: MIT
// Configures and builds the guest's kernel out of tree. The variants, which differ only in the
// algorithm for compressed modules, share one object tree and one set of modules.

import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import type { LinuxVariant } from '../../../emulator/linux/guest-cache.ts';
import { publish } from './published.ts';
import { BuildFailure, runStep } from './steps.ts';

export interface KernelPlan {
  /** Unpacked source, never written to. */
  readonly source: string;
  /** Entry of the cache this kernel is for. */
  readonly entry: string;
  /** The config fragment's text. */
  readonly fragment: string;
  readonly jobs: number;
  readonly log: string;
}

/** The same bytes from the same source, whoever builds it and when. */
const IDENTITY = {
  KBUILD_BUILD_TIMESTAMP: 'Thu Jan  1 00:00:00 UTC 1970',
  KBUILD_BUILD_USER: 'modstorm',
  KBUILD_BUILD_HOST: 'modstorm',
  KBUILD_BUILD_VERSION: '1',
  LC_ALL: 'C',
};

export const defaultJobs = (): number => Math.max(1, availableParallelism());

/** Name of a cache entry: everything its bytes depend on. */
export function entryKey(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.digest('hex').slice(0, 16);
}

export const treeOf = (plan: KernelPlan): string => join(plan.entry, 'tree');
/** Directory with a variant's bzImage, System.map, Module.symvers, config and release. */
export const variantOf = (plan: KernelPlan, variant: LinuxVariant): string =>
  join(plan.entry, variant);
export const modulesOf = (plan: KernelPlan): string => join(plan.entry, 'modules');

/** `make` in the object tree. */
export async function make(
  plan: KernelPlan,
  title: string,
  targets: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const args = ['-C', plan.source, `O=${treeOf(plan)}`, 'ARCH=i386', `-j${plan.jobs}`, ...targets];
  const { entry: cwd, log } = plan;
  await runStep({ title, program: 'make', args, cwd, log, env: IDENTITY }, signal);
}

/** Builds what is missing of one variant. Returns whether anything was. */
export async function buildVariant(
  plan: KernelPlan,
  variant: LinuxVariant,
  signal: AbortSignal,
): Promise<boolean> {
  return publish(variantOf(plan, variant), async (partial) => {
    await configure(plan, variant, signal);
    await make(plan, `Linux kernel (${variant})`, ['bzImage', 'modules'], signal);
    await publish(modulesOf(plan), (directory) => collectModules(treeOf(plan), directory));
    mkdirSync(partial);
    const take = (from: string, name: string): void =>
      copyFileSync(join(treeOf(plan), from), join(partial, name));
    take('arch/x86/boot/bzImage', 'bzImage');
    take('System.map', 'System.map');
    take('Module.symvers', 'Module.symvers');
    take('.config', 'config');
    take('include/config/kernel.release', 'release');
  });
}

/** Makes the object tree anew when only the products of a build were kept. */
export async function ensureTree(
  plan: KernelPlan,
  variant: LinuxVariant,
  signal: AbortSignal,
): Promise<void> {
  if (existsSync(join(treeOf(plan), 'Module.symvers'))) return;
  await configure(plan, variant, signal);
  await make(plan, `Linux kernel (${variant})`, ['bzImage', 'modules'], signal);
}

async function configure(
  plan: KernelPlan,
  variant: LinuxVariant,
  signal: AbortSignal,
): Promise<void> {
  const wanted = `${plan.fragment}CONFIG_MODULE_COMPRESS_${variant.toUpperCase()}=y\n`;
  const fragment = join(plan.entry, 'fragment.config');
  mkdirSync(treeOf(plan), { recursive: true });
  writeFileSync(fragment, wanted);
  await make(plan, 'configuration', [`KCONFIG_ALLCONFIG=${fragment}`, 'allnoconfig'], signal);
  const lost = unmetLines(wanted, readFileSync(join(treeOf(plan), '.config'), 'utf8'));
  if (lost.length > 0)
    throw new BuildFailure(`the kernel's configuration does not keep: ${lost.join(', ')}`);
}

/** Lines of `fragment` that `config`, which Kconfig wrote, does not agree with. */
export function unmetLines(fragment: string, config: string): string[] {
  const lines = new Set(config.split('\n'));
  return fragment.split('\n').filter((line) => {
    if (/^CONFIG_\w+=/.test(line)) return !lines.has(line);
    const off = /^# (CONFIG_\w+) is not set$/.exec(line);
    // An option whose menu is closed does not appear at all.
    return off !== null && [...lines].some((l) => l.startsWith(`${off[1]}=`));
  });
}

/** All .ko files below `tree`, side by side: their names are unique. */
function collectModules(tree: string, directory: string): void {
  mkdirSync(directory);
  const visit = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.name.endsWith('.ko')) copyFileSync(path, join(directory, basename(path)));
    }
  };
  visit(tree);
}
