// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import { SHF, sectionFlags } from '../elf/index.ts';
import { LOG_LEVEL } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import type { Module } from './module.ts';

/**
 * mod_sysfs_setup() (kernel/module/sysfs.c, Linux 6.12): /sys/module/NAME with a file for each
 * parameter and each section in memory. 0 or a negative errno.
 * Model: names that built-in code holds in /sys/module are free, and the stack traces that come
 * with a refusal are left out.
 */
export function modSysfsSetup(ctx: ModuleContext, mod: Module): number {
  // kobject_add_internal(), lib/kobject.c
  if (mod.name === '') return -ERRNO.EINVAL;
  const { paramNamedTwice } = ctx.images.facts(mod.elf);
  if (paramNamedTwice !== undefined) return refuseTwice(ctx, mod, `parameters/${paramNamedTwice}`);
  const section = ctx.features.kallsyms ? sectionNamedTwice(mod) : undefined;
  if (section !== undefined) {
    const refused = refuseTwice(ctx, mod, `sections/${section}`);
    if (ctx.features.twice_named_sections === 'refused') return refused;
  }
  mod.inSysfs = true;
  return 0;
}

/** sysfs_warn_dup(), fs/sysfs/dir.c */
function refuseTwice(ctx: ModuleContext, mod: Module, file: string): number {
  // kobject_set_name_vargs(), lib/kobject.c
  const path = `/module/${mod.name.replaceAll('/', '!')}/${file}`;
  ctx.log.print(LOG_LEVEL.WARNING, `sysfs: cannot create duplicate filename '${path}'`);
  return -ERRNO.EEXIST;
}

/** add_sect_attrs(): among sections with SHF_ALLOC, which the symbol tables have by now. */
function sectionNamedTwice({ elf }: Module): string | undefined {
  const { view, index } = elf;
  const flags = sectionFlags(view, index);
  const seen = new Set<string>();
  for (const section of elf.sections) {
    const i = section.index;
    const loaded = (flags[i]! & SHF.ALLOC) !== 0 || i === index.sym || i === index.str;
    if (!loaded || section.size === 0) continue;
    if (seen.has(section.name)) return section.name;
    seen.add(section.name);
  }
  return undefined;
}
