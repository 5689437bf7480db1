// SPDX-License-Identifier: MIT
// Bugs that are planted in the model to see whether the verifier notices.

/** One faulty edit of a source file. */
export interface PlantedBug {
  /** What the model then does wrong. */
  readonly title: string;
  /** Path in the checkout. */
  readonly file: string;
  /** Text that stands exactly once in the file. */
  readonly anchor: string;
  /** What replaces it. */
  readonly planted: string;
  /** A golden recording (test/golden/recorded) that disagrees then; none is known without it. */
  readonly recording?: string;
}

const MODULE = 'loader/module';
const VMALLOC = 'loader/vmalloc';

const WAITING = '6.19/waiting-waiting-1.json.gz';
const SPECIAL = '6.19/special-special.json.gz';
const SPECIAL2 = '6.19/special2-special2.json.gz';
const AUTOLOAD = '6.19/autoload-autoload-1.json.gz';
const EXHAUSTION = '6.19/exhaustion-window-of-2-MiB-1.json.gz';

/** Numbered from 1; each number keeps its bug. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    title: 'waiters at the gate of one inode are woken in reverse',
    file: `${MODULE}/idempotent.ts`,
    anchor: 'for (let i = losers.length - 1; i >= 0; i -= 1) {',
    planted: 'for (let i = 0; i < losers.length; i += 1) {',
  },
  {
    title: 'init memory is freed first in, first out',
    file: `${MODULE}/init-free.ts`,
    anchor: 'const list = this.#list.reverse();',
    planted: 'const list = this.#list;',
  },
  {
    title: 'delete_module looks at the state before it looks at users',
    file: `${MODULE}/delete-module.ts`,
    anchor:
      '  if (mod.sources.length > 0) return refuse(ERRNO.EWOULDBLOCK);\n' +
      "  if (mod.state !== 'live') return refuse(ERRNO.EBUSY);",
    planted:
      "  if (mod.state !== 'live') return refuse(ERRNO.EBUSY);\n" +
      '  if (mod.sources.length > 0) return refuse(ERRNO.EWOULDBLOCK);',
  },
  {
    title: 'strings of kallsyms are one byte short',
    file: 'loader/elf/layout.ts',
    anchor: 'symoffs + ndst * view.cls.sym + strsz + ndst;',
    planted: 'symoffs + ndst * view.cls.sym + strsz + ndst - 1;',
  },
  {
    title: 'a purge gives back the lowest address first',
    file: `${VMALLOC}/vmap-allocator.ts`,
    anchor:
      'for (let i = global.length - 1; i >= 0; i--) {\n      const area = global[i]!;\n' +
      '      this.tree.giveBack(area.addr, area.addr + area.size);',
    planted:
      'for (let i = 0; i < global.length; i++) {\n      const area = global[i]!;\n' +
      '      this.tree.giveBack(area.addr, area.addr + area.size);',
  },
  {
    title: 'waiters for a module are woken first come, first served',
    file: 'loader/engine/wait-queue.ts',
    anchor: 'const woken = [...this.#waiters].reverse();',
    planted: 'const woken = [...this.#waiters];',
    recording: WAITING,
  },
  {
    title: 'a name taken by a load that failed gives EEXIST instead of EBUSY',
    file: `${MODULE}/patient-check.ts`,
    anchor: "return old?.state === 'live' ? -ERRNO.EEXIST : -ERRNO.EBUSY;",
    planted: 'return -ERRNO.EEXIST;',
    recording: WAITING,
  },
  {
    title: 'a failed load counts the image once instead of twice',
    file: `${MODULE}/load-module.ts`,
    anchor: 'const bytes = 2 * info.len + info.compressedLen;',
    planted: 'const bytes = info.len + info.compressedLen;',
    recording: SPECIAL,
  },
  {
    title: 'DATA is freed before the other areas of a module',
    file: `${MODULE}/free-module.ts`,
    anchor:
      '    ...mod.memory.filter((area) => area.purpose !== last),\n' +
      '    ...mod.memory.filter((area) => area.purpose === last),',
    planted:
      '    ...mod.memory.filter((area) => area.purpose === last),\n' +
      '    ...mod.memory.filter((area) => area.purpose !== last),',
    recording: SPECIAL2,
  },
  {
    title: 'parts that were allocated before one that failed are freed from the first on',
    file: `${MODULE}/layout-and-allocate.ts`,
    anchor: 'for (const earlier of memory.reverse())',
    planted: 'for (const earlier of memory)',
  },
  {
    title: 'simplify_symbols stops at the first symbol that fails',
    file: `${MODULE}/resolve-symbols.ts`,
    anchor: 'if (err !== 0) ret = err;',
    planted: 'if (err !== 0) return err;',
    recording: EXHAUSTION,
  },
  {
    title: 'a new user stands last in the list of users',
    file: `${MODULE}/resolve-symbols.ts`,
    anchor: 'owner.sources.unshift(user);',
    planted: 'owner.sources.push(user);',
    recording: EXHAUSTION,
  },
  {
    title: 'references that a module holds stay when it is freed',
    file: `${MODULE}/resolve-symbols.ts`,
    anchor: "modulePut(ctx, owner, 'module_unload_free');",
    planted: "if (mod.state !== 'unformed') modulePut(ctx, owner, 'module_unload_free');",
    recording: WAITING,
  },
  {
    title: 'a failed search purges twice before it gives up',
    file: `${VMALLOC}/vmap-allocator.ts`,
    anchor: '        this.reclaimAndPurge();\n        purged = true;',
    planted:
      '        this.reclaimAndPurge();\n        this.reclaimAndPurge();\n        purged = true;',
    recording: EXHAUSTION,
  },
  {
    title: 'the lazy counter leaves out guard pages',
    file: `${VMALLOC}/vmap-allocator.ts`,
    anchor: 'this.#lazyPages += area.size / PAGE_SIZE;',
    planted: 'this.#lazyPages += area.size / PAGE_SIZE - 1;',
    recording: SPECIAL2,
  },
  {
    title: 'the purge threshold counts one bit of the number of CPUs too few',
    file: `${VMALLOC}/vmap-allocator.ts`,
    anchor: '(32 - Math.clz32(this.hooks.onlineCpus())) * LAZY_PAGES_STEP',
    planted: '(31 - Math.clz32(this.hooks.onlineCpus())) * LAZY_PAGES_STEP',
    recording: SPECIAL2,
  },
  {
    title: 'an allocation may end one page beyond its range',
    file: `${VMALLOC}/free-tree.ts`,
    anchor: 'if (addr + size > vend) return -1;',
    planted: 'if (addr + size > vend + 4096) return -1;',
  },
  {
    title: 'a free block of exactly the size is passed over',
    file: `${VMALLOC}/free-tree.ts`,
    anchor: 'if (end[n]! - from >= size || max[right[n]!]! >= size) best = n;',
    planted: 'if (end[n]! - from > size || max[right[n]!]! >= size) best = n;',
    recording: SPECIAL,
  },
  {
    title: 'the list of parked areas is not sorted before it is purged',
    file: `${VMALLOC}/vmap-node.ts`,
    anchor: 'if (last !== undefined && last.addr > area.addr) this.#sorted = false;',
    planted: 'if (last !== undefined && last.addr < 0) this.#sorted = false;',
    recording: WAITING,
  },
  {
    title: 'the average of a counter is rounded down',
    file: 'loader/stats/stats-text.ts',
    anchor: 'return BigInt.asUintN(bits, a + b - 1n) / b;',
    planted: 'return BigInt.asUintN(bits, a) / b;',
    recording: WAITING,
  },
  {
    title: 'the name that failed last stands last among the duplicates',
    file: 'loader/stats/module-stats.ts',
    anchor: 'return [...this.#rows.values()].reverse();',
    planted: 'return [...this.#rows.values()];',
    recording: EXHAUSTION,
  },
  {
    title: 'a failed read counts as a failed load',
    file: `${MODULE}/finit-module.ts`,
    anchor:
      "  ctx.stats.add('failed_kreads', 1, call.request);\n  if (!ctx.features.kread_bytes_bug) return;",
    planted:
      "  ctx.stats.add('failed_load_modules', 1, call.request);\n  if (!ctx.features.kread_bytes_bug) return;",
    recording: WAITING,
  },
  {
    title: 'one slot of request_module too many',
    file: 'loader/kmod/limiter.ts',
    anchor: 'const MAX_KMOD_CONCURRENT = 50;',
    planted: 'const MAX_KMOD_CONCURRENT = 51;',
    recording: AUTOLOAD,
  },
  {
    title: 'a duplicate request is told 0 instead of the first one’s answer',
    file: 'loader/kmod/v64-dups.ts',
    anchor: 'return ended ? req.ret : -ERRNO.ERESTARTSYS;',
    planted: 'return ended ? 0 : -ERRNO.ERESTARTSYS;',
    recording: AUTOLOAD,
  },
  {
    title: 'an answer of request_module is forgotten after 20 seconds',
    file: 'loader/kmod/dup-requests.ts',
    anchor: 'export const DUP_RETENTION_NS: Nanos = 60_000_000_000;',
    planted: 'export const DUP_RETENTION_NS: Nanos = 20_000_000_000;',
  },
];
