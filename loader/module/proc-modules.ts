// SPDX-License-Identifier: MIT
import { formatAddress } from '../base/index.ts';
import type { ModuleContext } from './context.ts';
import type { Module } from './module.ts';

/**
 * The text of /proc/modules, newest module first, with or without addresses
 * (kernel/module/procfs.c, Linux 6.12).
 */
export function procModules(
  ctx: Pick<ModuleContext, 'modules' | 'space' | 'features'>,
  show = true,
): string {
  let text = '';
  for (const mod of ctx.modules.newestFirst()) {
    if (mod.state === 'unformed') continue;
    text += `${mod.name} ${mod.totalSize}${unloadInfo(ctx, mod)} ${stateWord(mod)} 0x${moduleAddress(ctx, mod, show)}`;
    if (mod.taints.size > 0) text += ` (${mod.taintLetters}${stateMark(mod)})`;
    text += '\n';
  }
  return text;
}

/** print_unload_info(): ` refcnt users`, or ` - -` without CONFIG_MODULE_UNLOAD. */
function unloadInfo(ctx: Pick<ModuleContext, 'features'>, mod: Module): string {
  if (!ctx.features.module_unload) return ' - -';
  let users = mod.sources.map((source) => `${source.name},`).join('');
  if (mod.hasInit && !mod.hasExit) users += '[permanent],';
  return ` ${mod.users} ${users === '' ? '-' : users}`;
}

function stateWord(mod: Module): string {
  if (mod.state === 'going') return 'Unloading';
  return mod.state === 'coming' ? 'Loading' : 'Live';
}

function stateMark(mod: Module): string {
  if (mod.state === 'going') return '-';
  return mod.state === 'coming' ? '+' : '';
}

/** Where a module's text lies; zeros for those who may not see it. */
export function moduleAddress(
  ctx: Pick<ModuleContext, 'space'>,
  mod: Module,
  show: boolean,
): string {
  const base = show ? mod.textBase : undefined;
  const { preset } = ctx.space;
  return base === undefined ? '0'.repeat(preset.wordBits / 4) : formatAddress(preset, base);
}
