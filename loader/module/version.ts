// SPDX-License-Identifier: MIT
import type { ModuleElf } from '../elf/index.ts';
import { LOG_LEVEL } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import { tryToForceLoad } from './force-load.ts';

/** Kernels that have printed pr_warn_once() (Linux 6.19). */
const versionTold = new WeakSet<ModuleContext>();

/**
 * Compares a symbol's checksum with the one the module was built against (check_version,
 * kernel/module/version.c, Linux 6.12; CONFIG_MODVERSIONS). An unknown checksum passes.
 */
export function checkVersion(
  ctx: ModuleContext,
  elf: ModuleElf,
  symbol: string,
  crc: number | undefined,
): boolean {
  if (!ctx.identity.modversions || crc === undefined) return true;
  if (elf.index.vers === 0) return tryToForceLoad(ctx, elf.name, symbol) === 0;
  const built = ctx.images.facts(elf).versions.get(symbol);
  if (built === crc) return true;
  if (built === undefined && ctx.features.missing_version === 'accepted') {
    if (!versionTold.has(ctx)) {
      versionTold.add(ctx);
      const text = `${elf.infoName}: no symbol version for ${symbol}`;
      ctx.log.print(LOG_LEVEL.WARNING, text);
    }
    return true;
  }
  const problem =
    built !== undefined
      ? `disagrees about version of symbol ${symbol}`
      : `no symbol version for ${symbol}`;
  ctx.log.print(LOG_LEVEL.WARNING, `${elf.infoName}: ${problem}`);
  return false;
}
