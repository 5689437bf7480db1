// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import type { ModuleElf } from '../elf/index.ts';
import { type Coroutine, LOG_LEVEL } from '../engine/index.ts';
import { completeFormation } from './complete-formation.ts';
import type { ModuleContext } from './context.ts';
import { doInitModule } from './do-init-module.ts';
import { earlyModCheck } from './early-mod-check.ts';
import { tryToForceLoad } from './force-load.ts';
import { freeModMem, unlinkModule } from './free-module.ts';
import { freeTime } from './kernel-read-file.ts';
import { layoutAndAllocate } from './layout-and-allocate.ts';
import { freeCopy, type LoadInfo } from './load-info.ts';
import type { Module, Taint } from './module.ts';
import type { ModuleCall } from './module-call.ts';
import { parseArgs } from './params/parse-args.ts';
import { lockToFind, modulePatientCheckExists } from './patient-check.ts';
import { percpuModalloc, percpuModfree } from './percpu-data.ts';
import { moduleUnloadFree, simplifySymbols } from './resolve-symbols.ts';
import { moduleSigCheck } from './sig-check.ts';
import { modSysfsSetup } from './sysfs-setup.ts';

/**
 * The load pipeline from a file's copy to a live module (load_module, kernel/module/main.c,
 * Linux 6.12). Failures up to and including layout count as becoming, later ones as load, and a
 * failing init counts nowhere. The copy is freed on every way out. 0 or a negative errno.
 */
export function* loadModule(
  ctx: ModuleContext,
  call: ModuleCall,
  info: LoadInfo,
): Coroutine<number> {
  call.stage = 'becoming';
  stageBegin(ctx, call);
  const formed = yield* become(ctx, call, info);
  stageEnd(ctx, call, formed.ok ? 0 : formed.ret);
  if (!formed.ok) {
    bumpBecoming(ctx, call, info);
    freeCopy(ctx, info);
    yield* freeTime(ctx, info.len);
    return formed.ret;
  }
  const { mod } = formed;
  call.stage = 'load';
  stageBegin(ctx, call);
  const err = yield* formModule(ctx, call, info, mod);
  stageEnd(ctx, call, err);
  if (err !== 0) return err;
  freeCopy(ctx, info);
  yield* freeTime(ctx, info.len);
  ctx.tracer.emit({ kind: 'module_load', name: mod.name, taints: mod.taintLetters });
  call.stage = 'init';
  stageBegin(ctx, call);
  const ret = yield* doInitModule(ctx, call, mod);
  stageEnd(ctx, call, ret);
  if (ret === 0) call.stage = 'done';
  return ret;
}

type Formed =
  | { readonly ok: true; readonly mod: Module }
  | { readonly ok: false; readonly ret: number };

/** Everything whose failure counts as becoming. */
function* become(ctx: ModuleContext, call: ModuleCall, info: LoadInfo): Coroutine<Formed> {
  const sig = moduleSigCheck(ctx, info, call.subject);
  if (sig !== 0) return { ok: false, ret: sig };
  const read = ctx.images.elf(info.bytes, info.len, info.flags);
  if (!read.ok) {
    if (read.message) ctx.log.print(read.message.level, read.message.text);
    return { ok: false, ret: -read.errno };
  }
  const { elf } = read;
  call.module = elf.name;
  yield ctx.engine.work(elf.header.shnum * ctx.costs.elf_section_ns);
  const early = yield* earlyModCheck(ctx, info, elf);
  if (early !== 0) return { ok: false, ret: early };
  const taints = new Set<Taint>();
  if (ctx.features.taint_at === 'layout') {
    ctx.taint.augmentByInfo({ elf, name: elf.name, taints });
  }
  const layout = yield* layoutAndAllocate(ctx, call, elf);
  if (layout.ok) for (const taint of taints) layout.mod.taints.add(taint);
  return layout.ok ? layout : { ok: false, ret: -layout.errno };
}

/** add_unformed_module() to sysfs: everything whose failure counts as load, undone in order. */
function* formModule(
  ctx: ModuleContext,
  call: ModuleCall,
  info: LoadInfo,
  mod: Module,
): Coroutine<number> {
  const taken = yield* addUnformedModule(ctx, mod);
  if (taken !== 0) return yield* freeUnformed(ctx, call, info, mod, taken);
  const unsigned = ctx.features.module_sig !== 'off' && !info.sigOk;
  if (ctx.features.taint_at === 'list') ctx.taint.augment(mod, unsigned);
  else ctx.taint.augmentLate(mod, unsigned);

  const percpu = percpuModalloc(ctx, mod);
  if (percpu !== 0) return yield* unlink(ctx, call, info, mod, percpu);
  mod.initReferences();

  const refusedSpace = moduleNamespace(ctx, mod);
  if (refusedSpace !== 0) return yield* unloadFree(ctx, call, info, mod, refusedSpace);
  const sections = findModuleSections(ctx, mod, mod.elf);
  if (sections !== 0) return yield* unloadFree(ctx, call, info, mod, sections);
  const bound = yield* simplifySymbols(ctx, mod);
  if (bound < 0) return yield* unloadFree(ctx, call, info, mod, bound);
  const relocated = yield* applyRelocations(ctx, mod);
  if (relocated < 0) return yield* unloadFree(ctx, call, info, mod, relocated);

  const complete = yield* completeFormation(ctx, mod);
  if (complete !== 0) {
    yield* ctx.rcu.synchronize();
    return yield* unloadFree(ctx, call, info, mod, complete);
  }
  yield* ctx.shared.moduleSysfs();
  mod.args = info.args;
  const parsed = parseArgs(ctx, mod, info.args) || modSysfsSetup(ctx, mod);
  if (parsed !== 0) {
    ctx.modules.setState(mod, 'going');
    yield* ctx.rcu.synchronize();
    return yield* unloadFree(ctx, call, info, mod, parsed);
  }
  return 0;
}

/** Reserves the name, or waits and gives up when another has it. */
function* addUnformedModule(ctx: ModuleContext, mod: Module): Coroutine<number> {
  yield* lockToFind(ctx, 1);
  const taken = yield* modulePatientCheckExists(ctx, mod.name, 'load');
  if (taken === 0) {
    mod.loader = ctx.engine.current;
    ctx.modules.add(mod);
  }
  ctx.modules.mutex.unlock();
  return taken;
}

/** setup_modinfo(), Linux 6.19: namespaces of named modules cannot be imported. */
function moduleNamespace(ctx: ModuleContext, mod: Module): number {
  if (!ctx.features.module_namespaces) return 0;
  const space = mod.elf.importNs.find((name) => name.startsWith('module:'));
  if (space === undefined) return 0;
  const text = `${mod.name}: module tries to import module namespace: ${space}`;
  ctx.log.print(LOG_LEVEL.ERR, text);
  return -ERRNO.EPERM;
}

/** find_module_sections() and check_export_symbol_versions() */
function findModuleSections(ctx: ModuleContext, mod: Module, elf: ModuleElf): number {
  mod.exports = elf.exports();
  if (ctx.features.constructors && elf.hasCtors && elf.hasInitArray) {
    ctx.log.print(LOG_LEVEL.WARNING, `${mod.name}: has both .ctors and .init_array.`);
    return -ERRNO.EINVAL;
  }
  if (elf.hasObsparm) {
    ctx.log.print(LOG_LEVEL.WARNING, `${mod.name}: Ignoring obsolete parameters`);
  }
  if (ctx.identity.modversions && mod.exports.some((symbol) => symbol.crc === undefined)) {
    return tryToForceLoad(ctx, mod.name, 'no versions for exported symbols');
  }
  return 0;
}

function* applyRelocations(ctx: ModuleContext, mod: Module): Coroutine<number> {
  const { relocations } = ctx.images.facts(mod.elf);
  yield ctx.engine.work(relocations * ctx.costs.relocation_ns);
  const unknown = mod.elf.unknownRelocation();
  if (!unknown) return 0;
  if (unknown.message) ctx.log.print(unknown.message.level, unknown.message.text);
  return -unknown.errno;
}

/** Unwinding from the dependency lists on. */
function* unloadFree(
  ctx: ModuleContext,
  call: ModuleCall,
  info: LoadInfo,
  mod: Module,
  err: number,
): Coroutine<number> {
  yield* moduleUnloadFree(ctx, mod);
  return yield* unlink(ctx, call, info, mod, err);
}

function* unlink(
  ctx: ModuleContext,
  call: ModuleCall,
  info: LoadInfo,
  mod: Module,
  err: number,
): Coroutine<number> {
  yield* unlinkModule(ctx, mod, true);
  return yield* freeUnformed(ctx, call, info, mod, err);
}

/** Unwinding of a module that is in no list: counters, memory, copy. */
function* freeUnformed(
  ctx: ModuleContext,
  call: ModuleCall,
  info: LoadInfo,
  mod: Module,
  err: number,
): Coroutine<number> {
  const bytes = 2 * info.len + info.compressedLen;
  ctx.stats.add('failed_load_modules', 1, call.request);
  ctx.stats.add('invalid_mod_bytes', bytes, call.request);
  call.waste('load', bytes);
  yield* percpuModfree(ctx, mod);
  yield* freeModMem(ctx, mod);
  freeCopy(ctx, info);
  yield* freeTime(ctx, info.len);
  return err;
}

/** mod_stat_bump_becoming() */
function bumpBecoming(ctx: ModuleContext, call: ModuleCall, info: LoadInfo): void {
  const bytes = info.len + info.compressedLen;
  ctx.stats.add('failed_becoming', 1, call.request);
  ctx.stats.add('invalid_becoming_bytes', bytes, call.request);
  call.waste('becoming', bytes);
}

function stageBegin(ctx: ModuleContext, call: ModuleCall): void {
  ctx.tracer.emit({
    kind: 'stage_begin',
    request: call.request,
    stage: call.stage,
    subject: call.subject,
  });
}

function stageEnd(ctx: ModuleContext, call: ModuleCall, ret: number): void {
  ctx.tracer.emit({ kind: 'stage_end', request: call.request, stage: call.stage, ret });
}
