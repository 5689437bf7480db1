// SPDX-License-Identifier: MIT
/** A synthetic module before it is written: what is needed of it without its bytes. */

import type { Bytes } from '../base/index.ts';
import type { SpecParam } from '../elf/index.ts';

export interface PlannedExport {
  readonly name: string;
  readonly gpl: boolean;
}

export interface ModulePlan {
  /** The name in struct module. */
  readonly name: string;
  /** `kernel/fs/xfs/xfs.ko` */
  readonly path: string;
  /** Exact bytes of the file. */
  readonly fileSize: Bytes;
  /** Default i386. */
  readonly arch?: 'i386' | 'x86_64';
  /** Modules it uses symbols of, in the order of its imports. */
  readonly depends: readonly ModulePlan[];
  readonly exports: readonly PlannedExport[];
  /** Symbols it uses of the modules in `depends`. */
  readonly imports: readonly string[];
  /** Drawn anew at each call, always the same. */
  content(): ModuleContent;
}

/**
 * What fills a module. Sizes and symbols of the kernel are wishes: a file that would grow beyond its
 * size gets fewer. Aliases and softdeps must fit.
 */
export interface ModuleContent {
  readonly text: Bytes;
  readonly rodata: Bytes;
  /** Without struct module. */
  readonly data: Bytes;
  readonly bss: Bytes;
  readonly roAfterInit: Bytes;
  /** 0 = the module has no init function. */
  readonly initText: Bytes;
  /** 0 = the module has no exit function and cannot be removed. */
  readonly exitText: Bytes;
  /** Local functions in the symbol table. */
  readonly localSymbols: number;
  /** Symbols of the kernel it uses. */
  readonly kernelSymbols: readonly string[];
  readonly aliases: readonly string[];
  /** modinfo `softdep` values, such as `pre: crc32c`. */
  readonly softdeps: readonly string[];
  readonly params: readonly SpecParam[];
}

/** All modules a module needs, its own users before it: the reverse loads without a miss. */
export function dependencyClosure(plan: ModulePlan): ModulePlan[] {
  const order: ModulePlan[] = [];
  const seen = new Set<ModulePlan>();
  const visit = (module: ModulePlan): void => {
    for (const needed of module.depends) {
      if (seen.has(needed)) continue;
      seen.add(needed);
      visit(needed);
      order.push(needed);
    }
  };
  visit(plan);
  return order.reverse();
}
