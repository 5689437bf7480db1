// SPDX-License-Identifier: MIT
/**
 * Writes `__param` of a synthetic module: names at the end of `.rodata`, array descriptions before
 * them, values in `.data` (include/linux/moduleparam.h, Linux 6.12).
 */
import type { Bytes } from '../base/index.ts';
import type { WriterSection, WriterSymbol } from './elf-writer.ts';
import type { ModuleDraft } from './module-draft.ts';
import type { SpecParam } from './module-spec.ts';
import { writeLatin1 } from './string-table.ts';

/** Bytes of `.data` that one parameter's value takes. */
export const PARAM_VALUE: Bytes = 8;

/** Where in `.rodata` the parts of one parameter lie. */
export interface ParamPlace {
  readonly param: SpecParam;
  readonly name: number;
  /** struct kparam_array, for array parameters. */
  readonly array: number;
}

/** Places from `start` on, and where they end. */
export function placeParams(
  draft: ModuleDraft,
  start: Bytes,
): { readonly places: ParamPlace[]; readonly end: Bytes } {
  const params = draft.spec.params ?? [];
  const arraySize = 8 + 3 * draft.word;
  let array = Math.ceil(start / draft.word) * draft.word;
  let name = array + params.filter((param) => param.array !== undefined).length * arraySize;
  const places: ParamPlace[] = [];
  for (const param of params) {
    places.push({ param, name, array });
    name += param.name.length + 1;
    if (param.array !== undefined) array += arraySize;
  }
  return { places, end: params.length === 0 ? start : name };
}

function writeArray(
  draft: ModuleDraft,
  rodata: WriterSection,
  values: WriterSymbol,
  { param, array }: ParamPlace,
  value: number,
): void {
  const view = new DataView(rodata.data.buffer, rodata.data.byteOffset);
  rodata.data.fill(0, array, array + 8 + 3 * draft.word);
  view.setUint32(array, param.array ?? 0, true);
  view.setUint32(array + 4, 4, true);
  const elements = draft.undefinedSymbol(`param_ops_${param.type}`);
  draft.pointer(rodata, array + 8 + draft.word, elements);
  draft.pointer(rodata, array + 8 + 2 * draft.word, values, value);
}

export function writeParams(
  draft: ModuleDraft,
  places: readonly ParamPlace[],
  table: WriterSection,
  rodata: WriterSection,
  data: WriterSection,
  thisModule: WriterSymbol,
): void {
  const { word } = draft;
  const strings = draft.elf.sectionSymbol(rodata);
  const values = draft.elf.sectionSymbol(data);
  const view = new DataView(table.data.buffer, table.data.byteOffset);
  const variables = new DataView(data.data.buffer, data.data.byteOffset);
  places.forEach((place, i) => {
    const { param } = place;
    const at = i * draft.cls.kernelParam;
    writeLatin1(rodata.data, place.name, `${param.name}\0`);
    draft.pointer(table, at, strings, place.name);
    draft.pointer(table, at + word, thisModule);
    view.setUint16(at + 3 * word, param.perm ?? 0o444, true);
    view.setInt8(at + 3 * word + 2, -1);
    if (param.value !== undefined) variables.setBigUint64(i * PARAM_VALUE, param.value, true);
    const isArray = param.array !== undefined;
    const ops = isArray ? 'param_array_ops' : `param_ops_${param.type}`;
    draft.pointer(table, at + 2 * word, draft.undefinedSymbol(ops));
    if (isArray) writeArray(draft, rodata, values, place, i * PARAM_VALUE);
    const arg: [WriterSymbol, number] = isArray
      ? [strings, place.array]
      : [values, i * PARAM_VALUE];
    draft.pointer(table, at + 4 * word, ...arg);
  });
}
