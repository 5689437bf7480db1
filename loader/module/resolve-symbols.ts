// SPDX-License-Identifier: MIT
import { ERRNO, type Nanos } from '../base/index.ts';
import type { ElfSymbolCase } from '../elf/index.ts';
import { type Coroutine, LOG_LEVEL } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import type { Module } from './module.ts';
import { checkVersion } from './version.ts';

/** How long a loader waits for the owner of a symbol to finish its init. */
const OWNER_TIMEOUT: Nanos = 30_000_000_000;

/** Symbols that may stay undefined (ignore_undef_symbol). */
const IGNORED_UNDEFINED = '_GLOBAL_OFFSET_TABLE_';

type Resolution =
  | { readonly kind: 'found' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'error'; readonly errno: number; readonly owner: string };

/**
 * Binds every undefined symbol, in table order, and does not stop at the first that fails: the
 * last error is returned (simplify_symbols, kernel/module/main.c, Linux 6.12).
 */
export function* simplifySymbols(ctx: ModuleContext, mod: Module): Coroutine<number> {
  const { cases } = ctx.images.facts(mod.elf);
  yield ctx.engine.work(cases.length * ctx.costs.resolve_symbol_ns);
  let ret = 0;
  for (const symbol of cases) {
    const err = yield* simplifyOne(ctx, mod, symbol);
    if (err !== 0) ret = err;
  }
  return ret;
}

function* simplifyOne(ctx: ModuleContext, mod: Module, symbol: ElfSymbolCase): Coroutine<number> {
  const { name } = symbol;
  if (symbol.kind === 'common') {
    if (name.startsWith('__gnu_lto')) return 0;
    ctx.log.print(LOG_LEVEL.WARNING, `${mod.name}: please compile with -fno-common`);
    return -ERRNO.ENOEXEC;
  }
  if (symbol.kind === 'bad_section') {
    const max = mod.elf.header.shnum - 1;
    ctx.log.print(
      LOG_LEVEL.ERR,
      `${mod.name}: Symbol ${name} has an invalid section index ${symbol.shndx} (max ${max})`,
    );
    return -ERRNO.ENOEXEC;
  }
  const resolution = yield* resolveSymbolWait(ctx, mod, name);
  if (resolution.kind === 'found') return 0;
  if (resolution.kind === 'missing' && (symbol.weak || name === IGNORED_UNDEFINED)) return 0;
  const err = resolution.kind === 'missing' ? -ERRNO.ENOENT : -resolution.errno;
  ctx.log.print(LOG_LEVEL.WARNING, `${mod.name}: Unknown symbol ${name} (err ${err})`);
  return err;
}

/** resolve_symbol_wait(): an owner still in its init is waited for. */
function* resolveSymbolWait(ctx: ModuleContext, mod: Module, name: string): Coroutine<Resolution> {
  let resolution = yield* resolveSymbol(ctx, mod, name);
  if (resolution.kind !== 'error' || resolution.errno !== ERRNO.EBUSY) return resolution;
  const deadline = ctx.engine.now + OWNER_TIMEOUT;
  for (;;) {
    const { owner } = resolution;
    const waited = yield* ctx.modules.wq.waitEvent(
      () => ctx.modules.find(owner)?.state !== 'coming',
      'interruptible',
      Math.max(0, deadline - ctx.engine.now),
    );
    if (waited !== 'ready') {
      ctx.log.print(LOG_LEVEL.WARNING, `${mod.name}: gave up waiting for init of module ${owner}.`);
      return resolution;
    }
    resolution = yield* resolveSymbol(ctx, mod, name);
    if (resolution.kind !== 'error' || resolution.errno !== ERRNO.EBUSY) return resolution;
  }
}

/** resolve_symbol(): finds, checks, and takes a reference on the owner. */
function* resolveSymbol(ctx: ModuleContext, mod: Module, name: string): Coroutine<Resolution> {
  const { modules, identity } = ctx;
  yield* modules.mutex.lock();
  try {
    const gplOk = !mod.taints.has('P');
    const gplOnly = identity.exports.gpl?.(name) ?? false;
    if (identity.exports.has(name) && (gplOk || !gplOnly)) {
      if (gplOnly) mod.usingGplOnlySymbols = true;
      if (!checkVersion(ctx, mod.elf, name, identity.exports.crc(name))) {
        return { kind: 'error', errno: ERRNO.EINVAL, owner: 'kernel' };
      }
      const namespace = identity.exports.namespace?.(name) ?? '';
      return namespaceImported(ctx, mod, name, namespace)
        ? { kind: 'found' }
        : { kind: 'error', errno: ERRNO.EINVAL, owner: 'kernel' };
    }
    const found = modules.findSymbol(name, gplOk);
    if (!found) return { kind: 'missing' };
    const { owner, symbol } = found;
    if (symbol.gpl) mod.usingGplOnlySymbols = true;
    if (!inheritTaint(ctx, mod, owner, name)) return { kind: 'missing' };
    if (
      !checkVersion(ctx, mod.elf, name, symbol.crc) ||
      !namespaceImported(ctx, mod, name, symbol.namespace)
    ) {
      return { kind: 'error', errno: ERRNO.EINVAL, owner: owner.name };
    }
    const errno = refModule(ctx, mod, owner);
    return errno === 0 ? { kind: 'found' } : { kind: 'error', errno, owner: owner.name };
  } finally {
    modules.mutex.unlock();
  }
}

/** verify_namespace_is_imported() */
function namespaceImported(
  ctx: ModuleContext,
  mod: Module,
  name: string,
  namespace: string,
): boolean {
  if (namespace === '' || mod.elf.importNs.includes(namespace)) return true;
  ctx.log.print(
    LOG_LEVEL.ERR,
    `${mod.name}: module uses symbol (${name}) from namespace ${namespace}, but does not import it.`,
  );
  return false;
}

/** inherit_taint(): false when a GPL-only user would depend on a proprietary module. */
function inheritTaint(ctx: ModuleContext, mod: Module, owner: Module, name: string): boolean {
  if (!owner.taints.has('P')) return true;
  if (mod.usingGplOnlySymbols) {
    ctx.log.print(
      LOG_LEVEL.ERR,
      `${mod.name}: module using GPL-only symbols uses symbols ${name} from proprietary module ${owner.name}.`,
    );
    return false;
  }
  if (!mod.taints.has('P')) {
    ctx.log.print(
      LOG_LEVEL.WARNING,
      `${mod.name}: module uses symbols ${name} from proprietary module ${owner.name}, inheriting taint.`,
    );
    mod.taints.add('P');
  }
  return true;
}

/** ref_module(): one reference per user, however many symbols. 0 or a positive errno. */
function refModule(ctx: ModuleContext, user: Module, owner: Module): number {
  if (owner.sources.includes(user)) return 0;
  if (owner.state === 'coming') return ERRNO.EBUSY;
  if (!tryModuleGet(ctx, owner, 'ref_module')) return ERRNO.ENOENT;
  owner.sources.unshift(user);
  user.targets.unshift(owner);
  return 0;
}

/** module_unload_free(): drops the references a module holds. */
export function* moduleUnloadFree(ctx: ModuleContext, mod: Module): Coroutine<void> {
  yield* ctx.modules.mutex.lock();
  for (const owner of mod.targets) {
    modulePut(ctx, owner, 'module_unload_free');
    owner.sources.splice(owner.sources.indexOf(mod), 1);
  }
  mod.targets.length = 0;
  ctx.modules.mutex.unlock();
}

/** try_module_get(): false when the module is about to go. */
export function tryModuleGet(ctx: ModuleContext, mod: Module, callSite: string): boolean {
  if (mod.state === 'going' || mod.refcnt === 0) return false;
  mod.refcnt += 1;
  ctx.tracer.emit({ kind: 'module_get', name: mod.name, call_site: callSite, refcnt: mod.refcnt });
  return true;
}

/** module_put() */
export function modulePut(ctx: ModuleContext, mod: Module, callSite: string): void {
  if (mod.refcnt > 0) mod.refcnt -= 1;
  ctx.tracer.emit({ kind: 'module_put', name: mod.name, call_site: callSite, refcnt: mod.refcnt });
}
