// SPDX-License-Identifier: MIT
import type { Nanos } from '../base/index.ts';
import type { CompressionFormat } from '../decompress/index.ts';
import type { Coroutine, Engine } from '../engine/index.ts';
import type { Tracer } from '../events/index.ts';
import type { OpenFile } from '../module/index.ts';
import type { UserspaceCosts } from '../presets/index.ts';

/** Text of /sys/module/NAME/initstate, without its newline. */
export type InitState = 'live' | 'coming' | 'going';

/** The kernel as a process sees it. System calls are made by the current task. */
export interface UserKernel {
  readonly engine: Engine;
  readonly tracer: Tracer;
  readonly costs: UserspaceCosts;
  /** Text of /sys/module/compression; undefined when there is no such file. */
  readonly compression: CompressionFormat | undefined;
  /** The current task walks so many paths of sysfs, `own` nanoseconds each when it is alone. */
  sysfs(paths: number, own: Nanos): Coroutine<void>;
  /** Opens a file for reading, by a path that may be relative to the modules directory. */
  open(path: string): OpenFile | undefined;
  /** finit_module(2): 0 or a negative errno. `file` is one that `open` gave. */
  finitModule(file: OpenFile, args: string, flags: number): Coroutine<number>;
  /** init_module(2) of an image in the caller's memory; `path` is where it came from. */
  initModule(image: Uint8Array, args: string, path: string): Coroutine<number>;
  /** delete_module(2) */
  deleteModule(name: string, flags: number): Coroutine<number>;
  /** Undefined when /sys/module/NAME/initstate is not there. */
  initstate(name: string): InitState | undefined;
  /** /sys/module/NAME/refcnt; undefined when it is not there. */
  refcnt(name: string): number | undefined;
  /** Entries of /sys/module/NAME/holders. */
  holders(name: string): readonly string[];
}
