// SPDX-License-Identifier: MIT
/** Writes `__ksymtab*`, `__kcrctab*` and `__ksymtab_strings` of a synthetic module. */
import { STT } from './elf-constants.ts';
import type { WriterSection } from './elf-writer.ts';
import { A, type ModuleDraft, MS } from './module-draft.ts';
import type { SpecExport } from './module-spec.ts';
import { writeLatin1 } from './string-table.ts';

/** Entries sorted by name: the kernel looks them up by binary search. */
function sorted(exports: readonly SpecExport[], gpl: boolean): SpecExport[] {
  const chosen = exports.filter((e) => (e.gpl ?? false) === gpl);
  return chosen.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function writeCrcs(draft: ModuleDraft, name: string, exports: readonly SpecExport[]): void {
  if (!exports.some((e) => e.crc !== undefined)) return;
  const crcs = new Uint8Array(exports.length * 4);
  const view = new DataView(crcs.buffer);
  exports.forEach((e, i) => {
    view.setUint32(i * 4, e.crc ?? 0, true);
  });
  draft.add(name, A, 4, crcs);
}

/** Names and namespaces, and where each begins. */
function strings(exports: readonly SpecExport[]): {
  readonly data: Uint8Array;
  readonly places: ReadonlyMap<SpecExport, { readonly name: number; readonly namespace: number }>;
} {
  let text = '';
  const places = new Map<SpecExport, { name: number; namespace: number }>();
  for (const e of exports) {
    const name = text.length;
    text += `${e.name}\0`;
    places.set(e, { name, namespace: text.length });
    text += `${e.namespace ?? ''}\0`;
  }
  const data = new Uint8Array(text.length);
  writeLatin1(data, 0, text);
  return { data, places };
}

/** All exported symbols lie in `home`. */
export function writeExports(draft: ModuleDraft, home: WriterSection): void {
  const all = draft.spec.exports ?? [];
  if (all.length === 0) return;
  const plain = sorted(all, false);
  const gpl = sorted(all, true);
  // Three pointers on i386, three 32-bit distances on x86-64.
  const field = 4;
  const tables: { table: WriterSection; exports: readonly SpecExport[] }[] = [];
  for (const [suffix, exports] of [
    ['', plain],
    ['_gpl', gpl],
  ] as const) {
    if (exports.length === 0) continue;
    const data = new Uint8Array(exports.length * 3 * field);
    tables.push({ table: draft.add(`__ksymtab${suffix}`, A, 4, data), exports });
    writeCrcs(draft, `__kcrctab${suffix}`, exports);
  }
  const { data, places } = strings([...plain, ...gpl]);
  const names = draft.elf.sectionSymbol(
    draft.add('__ksymtab_strings', A | MS, 1, data, { entsize: 1 }),
  );
  for (const { table, exports } of tables) {
    exports.forEach((e, i) => {
      const at = i * 3 * field;
      const symbol = draft.global(e.name, home, STT.FUNC, 0);
      const { name, namespace } = places.get(e)!;
      for (const [offset, target, addend] of [
        [at, symbol, 0],
        [at + field, names, name],
        [at + 2 * field, names, namespace],
      ] as const) {
        if (draft.wide) draft.distance(table, offset, target, addend);
        else draft.pointer(table, offset, target, addend);
      }
    });
  }
}
