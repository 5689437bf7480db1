// SPDX-License-Identifier: MIT
/** The synthetic modules that come with modstorm, by name. */
import type { ModuleSource } from '../module/index.ts';
import type { Architecture } from '../presets/index.ts';
import { planBoot } from './boot-plan.ts';
import { CatalogSource } from './catalog-source.ts';
import { planDistro } from './distro-plan.ts';
import { type ListedModule, planListed } from './listed-plan.ts';
import type { ModulePlan } from './module-plan.ts';
import { planPublished, planServer } from './published-plan.ts';
import { planSelftest } from './selftest-plan.ts';

export interface CatalogOptions {
  /** Modules of the `distro` catalog; default 4,135, as many as Debian 12's i386 kernel has. */
  readonly count?: number;
  /** Seed of the `distro` catalog; default 1. */
  readonly seed?: number;
  /**
   * Modules for this machine instead of i386; `published` is x86-64 whatever is asked for.
   * Model: there are none for arm, whose kernels refuse these.
   */
  readonly arch?: Architecture;
  /** These modules instead of a bundled catalog's. */
  readonly listed?: readonly ListedModule[];
}

const DISTRO_COUNT = 4135;

const CATALOGS: Readonly<Record<string, (options: CatalogOptions) => ModuleSource>> = {
  /** The modules a server loads while it boots, by their real names. */
  boot: ({ arch }) => new CatalogSource('boot', plansFor(arch, planBoot())),
  /** What the kernel's kmod self-tests ask for. */
  'kmod-selftest': ({ arch }) => new CatalogSource('kmod-selftest', plansFor(arch, planSelftest())),
  /** The modules of the guests whose boots were published, unstripped, for x86-64. */
  published: () => new CatalogSource('published', planPublished(), true),
  /** Those of the server whose duplicates were published in June 2023, unstripped, for x86-64. */
  'published-server': () => new CatalogSource('published-server', planServer(), true),
  /** Any number of modules, shaped like those of a distribution. */
  distro: ({ count = DISTRO_COUNT, seed = 1, arch }) =>
    new CatalogSource('distro', plansFor(arch, planDistro(count, seed))),
};

function plansFor(
  arch: Architecture | undefined,
  plans: readonly ModulePlan[],
): readonly ModulePlan[] {
  return arch === 'x86-64' ? plans.map(widened) : plans;
}

function widened(plan: ModulePlan): ModulePlan {
  const { name, path, fileSize, depends, exports, imports } = plan;
  const content = () => plan.content();
  return { name, path, fileSize, arch: 'x86_64', depends, exports, imports, content };
}

export const CATALOG_NAMES: readonly string[] = Object.keys(CATALOGS);

/** A bundled catalog; undefined when there is none of that name. */
export function openCatalog(name: string, options: CatalogOptions = {}): ModuleSource | undefined {
  const { listed, arch } = options;
  if (listed !== undefined) return new CatalogSource(name, plansFor(arch, planListed(listed)));
  return Object.hasOwn(CATALOGS, name) ? CATALOGS[name]!(options) : undefined;
}
