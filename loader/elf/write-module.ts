// SPDX-License-Identifier: MIT
/**
 * Writes synthetic kernel modules: files a kernel of the given struct module size would take, with
 * sections of given sizes, exports, parameters and undefined symbols. Same spec, same bytes.
 */
import type { Bytes } from '../base/index.ts';
import { SHT, STT } from './elf-constants.ts';
import type { WriterSection } from './elf-writer.ts';
import { contentBytes } from './module-bytes.ts';
import { A, AX, ModuleDraft, MS, WA } from './module-draft.ts';
import type { ModuleSpec } from './module-spec.ts';
import { writeLatin1 } from './string-table.ts';
import { writeExports } from './write-exports.ts';
import { PARAM_VALUE, placeParams, writeParams } from './write-params.ts';

/** `call` with a 32-bit displacement. */
const CALL_BYTES = 5;

/** struct modversion_info */
const VERSION_BYTES = 64;

const COMMENT = '\0modstorm: synthetic module\0';

function addFilled(
  draft: ModuleDraft,
  name: string,
  size: Bytes,
  flags: number,
  align: Bytes,
): WriterSection | undefined {
  if (size === 0) return undefined;
  return draft.add(name, flags, align, contentBytes(size, `${draft.spec.name}${name}`));
}

function addModinfo(draft: ModuleDraft): void {
  const { spec } = draft;
  const entries: (readonly [string, string])[] = [
    ...(spec.modinfo ?? []),
    ['license', spec.license ?? 'GPL'],
  ];
  for (const { name, type, array } of spec.params ?? []) {
    entries.push(['parmtype', `${name}:${array === undefined ? '' : 'array of '}${type}`]);
  }
  entries.push(['depends', (spec.depends ?? []).join(',')], ['intree', 'Y'], ['name', spec.name]);
  if (spec.vermagic !== undefined) entries.push(['vermagic', spec.vermagic]);
  const text = entries.map(([tag, value]) => `${tag}=${value}\0`).join('');
  const data = new Uint8Array(text.length);
  writeLatin1(data, 0, text);
  draft.add('.modinfo', A, 1, data);
}

function addVersions(draft: ModuleDraft): void {
  const versions = draft.spec.versions ?? [];
  if (versions.length === 0) return;
  const data = new Uint8Array(versions.length * VERSION_BYTES);
  const view = new DataView(data.buffer);
  versions.forEach(({ name, crc }, i) => {
    if (name.length >= VERSION_BYTES - draft.word) {
      throw new RangeError(`symbol name '${name}' is too long for __versions`);
    }
    view.setUint32(i * VERSION_BYTES, crc, true);
    writeLatin1(data, i * VERSION_BYTES + draft.word, name);
  });
  draft.add('__versions', A, 32, data);
}

/** struct module: nothing in it but the name, and two pointers for relocations to fill. */
function addThisModule(draft: ModuleDraft): {
  readonly section: WriterSection;
  readonly initAt: number;
  readonly exitAt: number;
} {
  const { cls, word, spec } = draft;
  if (spec.name.length >= cls.moduleNameLen) {
    throw new RangeError(`module name '${spec.name}' is too long for struct module`);
  }
  const initAt = cls.moduleName + cls.moduleNameLen + 8 * word;
  const exitAt = spec.structModuleSize - 2 * word;
  if (exitAt < initAt + word) {
    throw new RangeError(
      `struct module of ${spec.structModuleSize} bytes has no room for its fields`,
    );
  }
  const data = new Uint8Array(spec.structModuleSize);
  writeLatin1(data, cls.moduleName, spec.name);
  return { section: draft.add('.gnu.linkonce.this_module', WA, 64, data), initAt, exitAt };
}

function addLocalSymbols(draft: ModuleDraft, section: WriterSection): void {
  const count = draft.spec.extraSymbols ?? 0;
  if (count === 0) return;
  const stem = `${draft.spec.name.replaceAll('-', '_')}_fn`;
  draft.elf.localFunctions({ section, stem, count, size: Math.floor(section.size / count) });
}

/** Undefined symbols, each called once from `.text` as long as there is room. */
function addCalls(draft: ModuleDraft, text: WriterSection | undefined): void {
  (draft.spec.undefinedSymbols ?? []).forEach((name, i) => {
    const symbol = draft.undefinedSymbol(name);
    const at = i * CALL_BYTES;
    if (!text || at + CALL_BYTES > text.size) return;
    text.data[at] = 0xe8;
    text.data.fill(0, at + 1, at + CALL_BYTES);
    draft.call(text, at + 1, symbol);
  });
}

/**
 * The file of a module. Throws a RangeError for a spec that cannot be met: a name too long, a
 * struct module too small, a `fileSize` below what the contents need.
 */
export function writeModule(spec: ModuleSpec): Uint8Array<ArrayBuffer> {
  const { draft, comment } = draftModule(spec);
  const { name, fileSize } = spec;
  const file = draft.elf.finish(fileSize, comment);
  if (fileSize !== undefined && file.length > fileSize) {
    throw new RangeError(`module '${name}' needs ${file.length} bytes, not ${fileSize}`);
  }
  return file;
}

/** Bytes that the contents of a module need. */
export function moduleLength(spec: ModuleSpec): Bytes {
  return draftModule(spec).draft.elf.length();
}

function draftModule(spec: ModuleSpec): { draft: ModuleDraft; comment: WriterSection } {
  const draft = new ModuleDraft(spec);
  const { sizes = {}, params = [], exports = [] } = spec;
  const hasInit = spec.init ?? true;
  const hasExit = spec.exit ?? true;
  const needText = exports.length > 0 || (spec.extraSymbols ?? 0) > 0 ? 1 : 0;
  const size = (wanted: Bytes | undefined, least: Bytes) => Math.max(wanted ?? 0, least);
  const fill = (name: string, bytes: Bytes, flags: number, align: Bytes) =>
    addFilled(draft, name, bytes, flags, align);

  const text = fill('.text', size(sizes.text, needText), AX, 16);
  const initText = fill('.init.text', size(sizes.initText, hasInit ? 1 : 0), AX, 1);
  const exitText = fill('.exit.text', size(sizes.exitText, hasExit ? 1 : 0), AX, 1);
  const { places, end } = placeParams(draft, sizes.rodata ?? 0);
  const rodata = fill('.rodata', end, A, 32);
  fill('.init.rodata', sizes.initRodata ?? 0, A, 32);
  addModinfo(draft);
  const tableSize = params.length * draft.cls.kernelParam;
  const table =
    tableSize > 0 ? draft.add('__param', A, draft.word, new Uint8Array(tableSize)) : null;
  if (text) writeExports(draft, text);
  addVersions(draft);
  const data = fill('.data', size(sizes.data, params.length * PARAM_VALUE), WA, 32);
  fill('.data..ro_after_init', sizes.roAfterInit ?? 0, WA, 32);
  fill('.data..percpu', sizes.percpu ?? 0, WA, 64);
  fill('.init.data', sizes.initData ?? 0, WA, 4);
  const { section: thisModule, initAt, exitAt } = addThisModule(draft);
  if (sizes.bss) {
    draft.add('.bss', WA, 32, new Uint8Array(0), { type: SHT.NOBITS, size: sizes.bss });
  }
  const commentText = new Uint8Array(COMMENT.length);
  writeLatin1(commentText, 0, COMMENT);
  const comment = draft.add('.comment', MS, 1, commentText, { entsize: 1 });
  draft.add('.note.GNU-stack', 0, 1, new Uint8Array(0));

  if (text) addLocalSymbols(draft, text);
  const self = draft.global('__this_module', thisModule, STT.OBJECT, thisModule.size);
  if (hasInit && initText) {
    const init = draft.global('init_module', initText, STT.FUNC, initText.size);
    draft.pointer(thisModule, initAt, init);
  }
  if (hasExit && exitText) {
    const exit = draft.global('cleanup_module', exitText, STT.FUNC, exitText.size);
    draft.pointer(thisModule, exitAt, exit);
  }
  if (table && rodata && data) writeParams(draft, places, table, rodata, data, self);
  addCalls(draft, text);
  return { draft, comment };
}
