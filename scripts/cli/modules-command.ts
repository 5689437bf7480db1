// SPDX-License-Identifier: MIT
/** `modstorm modules DIR|FILE`: what each module would cost. */
import type { ElfArch, ElfKernel } from '../../loader/elf/index.ts';
import type { ModuleSource } from '../../loader/module/index.ts';
import {
  type ChosenKernel,
  chosenKernel,
  followModules,
  kernelSchema,
} from '../../loader/scenario/index.ts';
import {
  type CostKernel,
  type CostTotals,
  type InferredIdentity,
  identitySteps,
  type ModuleCost,
  moduleCost,
  totalsOf,
} from '../../loader/survey/index.ts';
import { Breath } from './breath.ts';
import { counted } from './byte-text.ts';
import type { CommandContext } from './command-context.ts';
import { InputError } from './input-error.ts';
import { openModuleDirectory } from './module-directory.ts';
import { costTable } from './module-table.ts';
import { Progress } from './progress.ts';
import { asInputError } from './scenario-loader.ts';
import { type ScenarioOverrides, withOverrides } from './scenario-overrides.ts';
import { printWarnings } from './warnings.ts';

export interface ModulesOptions extends Pick<ScenarioOverrides, 'kernel' | 'kernelConfig'> {
  readonly path: string;
  readonly json: boolean;
}

export async function modulesCommand(
  options: ModulesOptions,
  context: CommandContext,
): Promise<number> {
  const source = openModuleDirectory(options.path);
  const chosen = kernelFor(source, options);
  const progress = new Progress();
  try {
    const breath = new Breath(context);
    const inferred = await identify(source, progress, breath);
    const kernel = costKernel(inferred, chosen);
    const modules: ModuleCost[] = [];
    for (const file of source.files) {
      modules.push(moduleCost(file.path, file.read(), kernel));
      progress.show(() => `measured ${modules.length} of ${source.files.length} files`);
      await breath.take();
    }
    progress.clear();
    const totals = totalsOf(modules);
    const text = options.json
      ? `${JSON.stringify(document(options.path, inferred, kernel, chosen, modules, totals), null, 2)}\n`
      : costTable(modules, totals, kernelLine(inferred, kernel, chosen, source));
    await context.write(text);
    printWarnings(source.problems ?? []);
    if (totals.refused < totals.files) return 0;
    throw new InputError({
      file: options.path,
      expected: 'at least one module that a kernel would take',
      found: `${counted(totals.refused, 'file')}, none accepted`,
    });
  } finally {
    progress.clear();
  }
}

async function identify(
  source: ModuleSource,
  progress: Progress,
  breath: Breath,
): Promise<InferredIdentity> {
  const steps = identitySteps(source);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    const { done, total } = step.value;
    progress.show(() => `looking through ${done} of ${total} files`);
    await breath.take();
  }
}

/**
 * The kernel whose rules hold: the one named, or the one the modules were made for, with what its
 * configuration says. Throws an InputError for modules of no machine of the model.
 */
function kernelFor(source: ModuleSource, { path, kernel, kernelConfig }: ModulesOptions) {
  const document = withOverrides({ machine: {} }, { kernel, kernelConfig });
  try {
    const followed = followModules(document, source).document as { kernel?: unknown };
    const choice = kernelSchema.parse(followed.kernel ?? 'v6.12');
    return chosenKernel(choice, source.metadata.kernelConfig?.text);
  } catch (error) {
    throw asInputError(error, path);
  }
}

/** The kernel's rules, for the architecture, struct module and compression of the modules. */
function costKernel(
  { identity, arch, compression }: InferredIdentity,
  chosen: ChosenKernel,
): CostKernel {
  const decided = [...chosen.given, ...chosen.read].includes('compression');
  const features =
    compression === undefined || decided ? chosen.features : { ...chosen.features, compression };
  const elf: ElfKernel = {
    arch: arch ?? 'i386',
    wordBits: wordBits(arch ?? 'i386'),
    structModuleSize: identity.structModuleSize,
    modversions: identity.modversions,
    kallsyms: features.kallsyms,
    kallsymsAll: features.kallsyms_all,
    moduleUnload: features.module_unload,
    smp: features.smp,
    livepatch: features.livepatch,
    strictModuleRwx: features.strict_module_rwx,
    sectionNameCheck: features.section_name_check,
  };
  return { elf, features };
}

function wordBits(arch: ElfArch): 32 | 64 {
  return arch === 'x86_64' || arch === 'arm64' ? 64 : 32;
}

function kernelLine(
  { identity }: InferredIdentity,
  { elf, features }: CostKernel,
  { preset, config, read }: ChosenKernel,
  { metadata }: ModuleSource,
): string {
  const magic = identity.vermagic.trim();
  const built = magic === '' ? 'no module tells its kernel' : `modules of ${magic}`;
  const from = metadata.kernelConfig?.name ?? 'the configuration given';
  const origin =
    config === undefined
      ? 'features assumed (--kernel-config FILE)'
      : `${counted(read.length, 'feature')} from ${from}`;
  return (
    `rules of ${preset.name} on ${elf.arch}, compression ${features.compression}; ${built}; ` +
    origin
  );
}

function document(
  path: string,
  { report }: InferredIdentity,
  { elf, features }: CostKernel,
  chosen: ChosenKernel,
  modules: readonly ModuleCost[],
  totals: CostTotals,
): unknown {
  const kernel = {
    base: chosen.preset.name,
    arch: elf.arch,
    compression: features.compression,
    inferred: report,
    config: { read: chosen.read, given: chosen.given, assumed: chosen.assumed },
    features,
  };
  return { version: 1, source: path, kernel, totals, modules };
}
