// SPDX-License-Identifier: MIT
// Builds init and the test modules of the guest.

import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LinuxVariant } from '../../../emulator/linux/guest-cache.ts';
import { ensureTree, entryKey, type KernelPlan, make } from './kernel.ts';
import { publish } from './published.ts';
import { runStep } from './steps.ts';

const PLAIN_FLAGS = [
  '-Os',
  '-ffreestanding',
  '-fno-stack-protector',
  '-fno-pic',
  '-fno-asynchronous-unwind-tables',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-static',
  '-nostdlib',
  '-no-pie',
  '-Wl,--build-id=none',
  '-Wl,-z,noexecstack',
];
export const INIT_FLAGS = ['-m32', '-march=i686', ...PLAIN_FLAGS];
export const INIT_FLAGS_64 = ['-m64', ...PLAIN_FLAGS];

/** Directory of built programs, made when their sources have changed. */
export interface Programs {
  readonly init: string;
  readonly testModules: string;
  readonly rebuilt: boolean;
}

export async function buildPrograms(
  plan: KernelPlan,
  sources: string,
  variant: LinuxVariant,
  signal: AbortSignal,
): Promise<Programs> {
  const init = await buildInit(plan, join(sources, 'init'), signal);
  const modules = await buildTestModules(plan, join(sources, 'modules'), variant, signal);
  return { init: init.path, testModules: modules.path, rebuilt: init.built || modules.built };
}

interface Built {
  readonly path: string;
  readonly built: boolean;
}

async function buildInit(plan: KernelPlan, from: string, signal: AbortSignal): Promise<Built> {
  const path = join(plan.entry, `init-${keyOf(from)}`);
  const sources = readdirSync(from).filter((name) => name.endsWith('.c'));
  const built = await publish(path, (partial) => {
    const args = [...INIT_FLAGS, '-o', partial, ...sources.sort()];
    return runStep({ title: 'init', program: 'gcc', args, cwd: from, log: plan.log }, signal);
  });
  return { path, built };
}

/** Built in a copy: make writes beside the sources. */
async function buildTestModules(
  plan: KernelPlan,
  from: string,
  variant: LinuxVariant,
  signal: AbortSignal,
): Promise<Built> {
  const path = join(plan.entry, `test-modules-${keyOf(from)}`);
  const built = await publish(path, async (partial) => {
    await ensureTree(plan, variant, signal);
    const work = join(plan.entry, 'test-modules.work');
    rmSync(work, { recursive: true, force: true });
    cpSync(from, work, { recursive: true });
    await make(plan, 'test modules', [`M=${work}`, 'modules'], signal);
    mkdirSync(partial);
    for (const name of readdirSync(work))
      if (name.endsWith('.ko')) copyFileSync(join(work, name), join(partial, name));
    rmSync(work, { recursive: true, force: true });
  });
  return { path, built };
}

function keyOf(directory: string): string {
  const names = readdirSync(directory).sort();
  return entryKey(names.flatMap((name) => [name, readFileSync(join(directory, name), 'latin1')]));
}
