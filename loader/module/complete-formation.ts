// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import { type Coroutine, LOG_LEVEL } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import type { Module } from './module.ts';
import { enableDataNx, enableRodataRo, enableTextRox } from './set-memory.ts';

/**
 * Refuses symbols that exist already, protects the memory and makes the module visible as COMING
 * (complete_formation, kernel/module/main.c, Linux 6.12). 0 or a negative errno.
 */
export function* completeFormation(ctx: ModuleContext, mod: Module): Coroutine<number> {
  yield* ctx.modules.mutex.lock();
  const err = verifyExportedSymbols(ctx, mod);
  if (err === 0) {
    yield* enableRodataRo(ctx, mod, false);
    yield* enableDataNx(ctx, mod);
    yield* enableTextRox(ctx, mod);
    ctx.modules.setState(mod, 'coming');
  }
  ctx.modules.mutex.unlock();
  return err;
}

/** verify_exported_symbols(): ordinary exports first, then GPL-only ones. */
function verifyExportedSymbols(ctx: ModuleContext, mod: Module): number {
  const ordered = [
    ...mod.exports.filter((symbol) => !symbol.gpl),
    ...mod.exports.filter((symbol) => symbol.gpl),
  ];
  for (const { name } of ordered) {
    const inKernel = ctx.identity.exports.has(name);
    const owner = inKernel ? 'kernel' : ctx.modules.findSymbol(name, true)?.owner.name;
    if (owner === undefined) continue;
    ctx.log.print(
      LOG_LEVEL.ERR,
      `${mod.name}: exports duplicate symbol ${name} (owned by ${owner})`,
    );
    return -ERRNO.ENOEXEC;
  }
  return 0;
}
