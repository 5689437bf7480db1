// SPDX-License-Identifier: MIT
import type { ModuleSource } from '../module/index.ts';
import type { ModuleIndex } from '../userspace/index.ts';

/** What a scenario's names mean: the module order and files of its source. */
export interface CompileContext {
  readonly source: ModuleSource;
  /** Module files with dependencies before their users. */
  readonly loadOrder: () => readonly string[];
  /** File path of a module name; undefined when there is none. */
  readonly fileOf: (name: string) => string | undefined;
  /** The modules as depmod sees them. */
  readonly index: () => ModuleIndex;
}
