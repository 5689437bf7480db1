// SPDX-License-Identifier: MIT
import { CATALOG_NAMES, type CatalogOptions, openCatalog } from '../catalog/index.ts';
import type { ModuleSource } from '../module/index.ts';
import { addressSpace } from './machine.ts';
import { unknownName } from './nearest-name.ts';
import type { Scenario } from './schema.ts';

/** The catalog that a scenario without a directory names, and what it is made with. */
function catalogChoice(modules: Scenario['modules']): {
  readonly name: string;
  readonly options: Pick<CatalogOptions, 'count' | 'seed' | 'listed'>;
} {
  if (typeof modules === 'string') return { name: modules, options: {} };
  if ('catalog' in modules) return { name: modules.catalog, options: {} };
  if ('listed' in modules) return { name: 'listed', options: { listed: modules.listed } };
  if ('synthetic' in modules) return { name: 'distro', options: modules.synthetic };
  return { name: 'distro', options: {} };
}

export type BundledSource =
  | { readonly ok: true; readonly source: ModuleSource }
  | { readonly ok: false; readonly message: string };

/**
 * The bundled modules of a scenario, for its machine; a name that no catalog has is told. Throws
 * CompileError for a machine that cannot be.
 */
export function openBundled({ modules, machine }: Scenario): BundledSource {
  const { name, options } = catalogChoice(modules);
  const source = openCatalog(name, { ...options, arch: addressSpace(machine).arch });
  if (source !== undefined) return { ok: true, source };
  return { ok: false, message: unknownName('catalog', name, CATALOG_NAMES) };
}
