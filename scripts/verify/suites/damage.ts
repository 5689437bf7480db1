// SPDX-License-Identifier: MIT
// One thing wrong with a copy of a module.

import type { Random } from '../../../loader/engine/index.ts';
import type { ElfEdit } from './elf-edit.ts';

export interface Damage {
  /** Part of the copy's file name. */
  readonly what: string;
  /** What its struct module calls it, when the damage is that. */
  readonly name?: string;
  readonly change: (elf: ElfEdit) => void;
}

/** The field with another value: an end of its range, a neighbour, or anything. */
export function otherValue(elf: ElfEdit, at: number, width: number, random: Random): void {
  const top = 2 ** (8 * width) - 1;
  const old = elf.get(at, width);
  const values = [0, 1, top, old + 1, old - 1, old ^ 0x10, old * 2 + 1, random.below(top)]
    .map((value) => (value < 0 ? value + top + 1 : value % (top + 1)))
    .filter((value) => value !== old);
  elf.put(at, width, values[random.below(values.length)]!);
}
