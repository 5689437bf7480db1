// SPDX-License-Identifier: MIT
/** Writes the file of a planned module. */

import type { Bytes } from '../base/index.ts';
import { type ModuleSizes, type ModuleSpec, moduleLength, writeModule } from '../elf/index.ts';
import { symbolCrc } from './kernel-symbols.ts';
import type { ModuleContent, ModulePlan } from './module-plan.ts';

/** The kernel that bundled catalogs are built for. */
export const CATALOG_RELEASE = '6.12.0-modstorm';
export const CATALOG_VERMAGIC = `${CATALOG_RELEASE} SMP preempt mod_unload modversions 686 `;
export const CATALOG_VERMAGIC_64 = `${CATALOG_RELEASE} SMP preempt mod_unload modversions `;
/** The same for x86-64 (Debian's linux-image-6.12-amd64). */
export const CATALOG_STRUCT_MODULE_64: Bytes = 1280;
/** sizeof(struct module) of a 6.12 kernel for i386 with a distribution's options. */
export const CATALOG_STRUCT_MODULE: Bytes = 640;

/** What growing sections can cost beyond their contents: alignment, one more section header. */
const ALIGNMENT_SLACK: Bytes = 256;
/** Share of the free bytes that local symbols may take. */
const SYMBOL_SHARE = 0.6;
const SYMBOL_ENTRY = { i386: 16, x86_64: 24 } as const satisfies Record<string, Bytes>;
/** The writer puts a call of each symbol used at the start of the text, with its relocation. */
const CALL_BYTES: Bytes = 5;
const CALL_RELOCATION = { i386: 8, x86_64: 24 } as const satisfies Record<string, Bytes>;

type Sizes = Required<
  Pick<ModuleSizes, 'text' | 'rodata' | 'data' | 'bss' | 'roAfterInit' | 'initText' | 'exitText'>
>;

/** Exactly `plan.fileSize` bytes. */
export function buildModule(plan: ModulePlan): Uint8Array {
  const { arch = 'i386' } = plan;
  let content = plan.content();
  let frame = frameOf(plan, content);
  let used = moduleLength(frame) + ALIGNMENT_SLACK;
  while (used > plan.fileSize && !isBare(content)) {
    content = thinned(content);
    frame = frameOf(plan, content);
    used = moduleLength(frame) + ALIGNMENT_SLACK;
  }
  const calls = Math.min(frame.undefinedSymbols!.length, Math.floor(content.text / CALL_BYTES));
  const free = Math.max(0, plan.fileSize - used - calls * CALL_RELOCATION[arch]);
  const symbolBytes = SYMBOL_ENTRY[arch] + plan.name.length + '_fn'.length + 5;
  const symbols = Math.min(content.localSymbols, Math.floor((free * SYMBOL_SHARE) / symbolBytes));
  const sizes = fittingSizes(content, free - symbols * symbolBytes - longerNames(symbols));
  return writeModule({ ...frame, sizes, extraSymbols: symbols, fileSize: plan.fileSize });
}

/** Bytes that the numbers of local symbols take beyond four digits each. */
function longerNames(symbols: number): Bytes {
  return Math.max(0, symbols - 10_000) + Math.max(0, symbols - 100_000);
}

/** The module with the least of everything that can grow. */
function frameOf(plan: ModulePlan, content: ModuleContent): ModuleSpec {
  const { kernelSymbols, params, aliases, softdeps } = content;
  const undefinedSymbols = [...kernelSymbols, ...plan.imports];
  const ops = params.flatMap(({ type, array }) =>
    array === undefined ? [`param_ops_${type}`] : [`param_ops_${type}`, 'param_array_ops'],
  );
  const versions = new Set(['module_layout', ...undefinedSymbols, ...ops]);
  return {
    name: plan.name,
    ...(plan.arch === 'x86_64'
      ? {
          arch: 'x86_64',
          structModuleSize: CATALOG_STRUCT_MODULE_64,
          vermagic: CATALOG_VERMAGIC_64,
        }
      : { structModuleSize: CATALOG_STRUCT_MODULE, vermagic: CATALOG_VERMAGIC }),
    sizes: frameSizes(content),
    depends: plan.depends.map(({ name }) => name),
    modinfo: [
      ...softdeps.map((softdep) => ['softdep', softdep] as const),
      ...aliases.map((alias) => ['alias', alias] as const),
    ],
    params,
    exports: plan.exports.map((symbol) => ({ ...symbol, crc: symbolCrc(symbol.name) })),
    undefinedSymbols,
    versions: [...versions].map((name) => ({ name, crc: symbolCrc(name) })),
    init: content.initText > 0,
    exit: content.exitText > 0,
    extraSymbols: 0,
  };
}

/** One byte for every section that will be there, so that only contents are left to add. */
function frameSizes(content: ModuleContent): Sizes {
  const one = (bytes: Bytes): Bytes => (bytes > 0 ? 1 : 0);
  return {
    text: 1,
    rodata: one(content.rodata),
    data: one(content.data),
    bss: content.bss,
    roAfterInit: one(content.roAfterInit),
    initText: one(content.initText),
    exitText: one(content.exitText),
  };
}

/** The sizes wished for, all cut by the same factor when they do not fit. */
function fittingSizes(content: ModuleContent, free: Bytes): Sizes {
  const wished =
    content.text +
    content.rodata +
    content.data +
    content.roAfterInit +
    content.initText +
    content.exitText;
  const factor = wished > free ? free / wished : 1;
  const cut = (bytes: Bytes): Bytes => (bytes > 0 ? Math.max(1, Math.floor(bytes * factor)) : 0);
  return {
    text: Math.max(1, cut(content.text)),
    rodata: cut(content.rodata),
    data: cut(content.data),
    bss: content.bss,
    roAfterInit: cut(content.roAfterInit),
    initText: cut(content.initText),
    exitText: cut(content.exitText),
  };
}

/** Half of what a small file cannot hold. */
function thinned(content: ModuleContent): ModuleContent {
  const half = <T>(list: readonly T[]): T[] => list.slice(0, Math.floor(list.length / 2));
  return {
    ...content,
    kernelSymbols: half(content.kernelSymbols),
    params: half(content.params),
  };
}

function isBare({ kernelSymbols, params }: ModuleContent): boolean {
  return kernelSymbols.length === 0 && params.length === 0;
}
