// SPDX-License-Identifier: MIT
import { type CatalogTables, planTables } from './boot-plan.ts';
import type { ModulePlan } from './module-plan.ts';

/**
 * What the kmod self-tests load: Debian 12's xfs (i386, 6.1) with what it needs, and a module of
 * the size of lib/test_module.c.
 */
const TABLES: CatalogTables = {
  modules: `
crypto/crc32c_generic 5781 252 128 396 0 20 38 4
fs/xfs/xfs 1801529 805869 78855 178846 276 2407 8505 415
lib/libcrc32c 5449 153 172 16 4 34 39 5
lib/test_module 3424 60 80 8 0 30 24 3
`,
  links: `
xfs libcrc32c crc32c
`,
  aliases: `
crc32c_generic crypto-crc32c
xfs fs-xfs
`,
  softdeps: '',
  fileFactor: 1,
  arch: 'i386',
};

export function planSelftest(): ModulePlan[] {
  return planTables(TABLES);
}
