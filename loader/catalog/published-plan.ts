// SPDX-License-Identifier: MIT
import { type CatalogTables, planTables } from './boot-plan.ts';
import type { ModulePlan } from './module-plan.ts';
import { PUBLISHED_ALIASES, PUBLISHED_LINKS, PUBLISHED_MODULES } from './published-modules.ts';
import { SERVER_ALIASES, SERVER_LINKS, SERVER_MODULES } from './server-modules.ts';

/**
 * How much larger than Debian's files those of the measured guests were: they had their debug
 * sections, Debian's have not. One figure for all modules, fitted on the bytes that the 255-CPU
 * guest without an early check wasted (the commit message of df3e764d8e5c, v6.4).
 */
export const UNSTRIPPED_FACTOR = 6.78;

/** Plans the catalog of the published machines. */
export function planPublished(): ModulePlan[] {
  const tables: CatalogTables = {
    modules: PUBLISHED_MODULES,
    links: PUBLISHED_LINKS,
    aliases: PUBLISHED_ALIASES,
    softdeps: '',
    fileFactor: UNSTRIPPED_FACTOR,
    arch: 'x86_64',
  };
  return planTables(tables);
}

/** Plans the catalog of the bare-metal server of June 2023, its files as much larger. */
export function planServer(): ModulePlan[] {
  return planTables({
    modules: SERVER_MODULES,
    links: SERVER_LINKS,
    aliases: SERVER_ALIASES,
    softdeps: '',
    fileFactor: UNSTRIPPED_FACTOR,
    arch: 'x86_64',
  });
}
