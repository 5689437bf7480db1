// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import type { ModuleElf } from '../elf/index.ts';
import { type Coroutine, LOG_LEVEL } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import { tryToForceLoad } from './force-load.ts';
import { type LoadInfo, MODULE_INIT_FLAGS } from './load-info.ts';
import { lockToFind, modulePatientCheckExists } from './patient-check.ts';
import { checkVersion } from './version.ts';

/**
 * What can be known before any memory is laid out: blacklist, versions, vermagic, and whether the
 * name is taken (early_mod_check, kernel/module/main.c, Linux 6.12). 0 or a negative errno.
 */
export function* earlyModCheck(
  ctx: ModuleContext,
  info: LoadInfo,
  elf: ModuleElf,
): Coroutine<number> {
  if (ctx.identity.blacklist.includes(elf.infoName)) {
    ctx.log.print(LOG_LEVEL.ERR, `Module ${elf.infoName} is blacklisted`);
    return -ERRNO.EPERM;
  }
  if (ctx.identity.modversions) {
    const crc = ctx.identity.exports.crc('module_layout');
    if (!checkVersion(ctx, elf, 'module_layout', crc)) return -ERRNO.ENOEXEC;
  }
  const err = checkModinfo(ctx, info, elf);
  if (err !== 0 || !ctx.features.early_check) return err;
  yield* lockToFind(ctx, 2);
  const taken = yield* modulePatientCheckExists(ctx, elf.name, 'becoming');
  ctx.modules.mutex.unlock();
  return taken;
}

/** check_modinfo() */
function checkModinfo(ctx: ModuleContext, info: LoadInfo, elf: ModuleElf): number {
  const ignore = (info.flags & MODULE_INIT_FLAGS.MODULE_INIT_IGNORE_VERMAGIC) !== 0;
  const magic = ignore ? undefined : elf.vermagic;
  if (magic === undefined) {
    const err = tryToForceLoad(ctx, elf.name, 'bad vermagic');
    if (err !== 0) return err;
  } else if (!sameMagic(ctx, magic, elf.index.vers !== 0)) {
    ctx.log.print(
      LOG_LEVEL.ERR,
      `${elf.infoName}: version magic '${magic}' should be '${ctx.identity.vermagic}'`,
    );
    return -ERRNO.ENOEXEC;
  }
  if (elf.livepatch && !ctx.features.livepatch) {
    ctx.log.print(
      LOG_LEVEL.ERR,
      `${elf.name}: module is marked as livepatch module, but livepatch support is disabled`,
    );
    return -ERRNO.ENOEXEC;
  }
  return 0;
}

/** same_magic(): with symbol versions the release, the first word, does not count. */
function sameMagic(ctx: ModuleContext, magic: string, hasCrcs: boolean): boolean {
  const ours = ctx.identity.vermagic;
  if (!ctx.identity.modversions || !hasCrcs) return magic === ours;
  const tail = (text: string): string => {
    const space = text.indexOf(' ');
    return space < 0 ? '' : text.slice(space);
  };
  return tail(magic) === tail(ours);
}
