// SPDX-License-Identifier: MIT
import type { CatalogOptions } from '../catalog/index.ts';
import type { Scenario } from './schema.ts';

/** The catalog that a scenario without a directory names, and what it is made with. */
export function catalogChoice(modules: Scenario['modules']): {
  readonly name: string;
  readonly options: Pick<CatalogOptions, 'count' | 'seed' | 'listed'>;
} {
  if (typeof modules === 'string') return { name: modules, options: {} };
  if ('catalog' in modules) return { name: modules.catalog, options: {} };
  if ('listed' in modules) return { name: 'listed', options: { listed: modules.listed } };
  if ('synthetic' in modules) return { name: 'distro', options: modules.synthetic };
  return { name: 'distro', options: {} };
}
