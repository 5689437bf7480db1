/** The synthetic modules that come with modstorm, by name. */
import type { ModuleSource } from '../module/module-source.ts';
import { planBoot } from './catalog/boot-plan.ts';
import { CatalogSource } from './catalog/catalog-source.ts';
import { planDistro } from './catalog/distro-plan.ts';
import { planPublished } from './catalog/published-plan.ts';
import { planSelftest } from './catalog/selftest-plan.ts';

export interface CatalogOptions {
  /** Modules of the `distro` catalog; default 4,135, as many as Debian 12's i386 kernel has. */
  readonly count?: number;
  /** Seed of the `distro` catalog; default 1. */
  readonly seed?: number;
}

const DISTRO_COUNT = 4135;

const CATALOGS: Readonly<Record<string, (options: CatalogOptions) => ModuleSource>> = {
  /** The modules a server loads while it boots, by their real names. */
  boot: () => new CatalogSource('boot', planBoot()),
  /** What the kernel's kmod self-tests ask for. */
  'kmod-selftest': () => new CatalogSource('kmod-selftest', planSelftest()),
  /** The modules of the guests whose boots were published, unstripped, for x86-64. */
  published: () => new CatalogSource('published', planPublished(), true),
  /** Any number of modules, shaped like those of a distribution. */
  distro: ({ count = DISTRO_COUNT, seed = 1 }) =>
    new CatalogSource('distro', planDistro(count, seed)),
};

export const CATALOG_NAMES: readonly string[] = Object.keys(CATALOGS);

/** A bundled catalog; undefined when there is none of that name. */
export function openCatalog(name: string, options: CatalogOptions = {}): ModuleSource | undefined {
  return Object.hasOwn(CATALOGS, name) ? CATALOGS[name]!(options) : undefined;
}
