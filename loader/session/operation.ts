/**
 * What a simulated CPU may ask for: the vocabulary shared by scenarios, the module port and the
 * runner. Paths are relative to the modules directory or absolute in the guest tree.
 */
import type { Bytes, Nanos } from '../base/index.ts';
import type { FileAction } from '../vfs/index.ts';

export type Operation =
  | { readonly op: 'noop' }
  | {
      readonly op: 'finit_module';
      readonly path: string;
      readonly flags: number;
      readonly args: string;
      /** How the file is opened; a bad or write-only descriptor is refused by the kernel. */
      readonly open?: 'read' | 'write' | 'bad';
    }
  | {
      readonly op: 'init_module';
      readonly path: string;
      readonly args: string;
      /** Length passed instead of the file's. */
      readonly len?: Bytes;
      /** Pass a pointer that cannot be read. */
      readonly fault?: boolean;
      /** The program unpacks a compressed file before it calls, as insmod(8) does. */
      readonly unpack?: boolean;
    }
  | { readonly op: 'delete_module'; readonly name: string; readonly flags: number }
  | { readonly op: 'request_module'; readonly name: string; readonly wait: boolean }
  | { readonly op: 'modprobe'; readonly name: string; readonly args: string }
  | { readonly op: 'uevent'; readonly modalias: string }
  | { readonly op: 'read'; readonly path: string }
  | { readonly op: 'write'; readonly path: string; readonly text: string }
  | { readonly op: 'sleep'; readonly ns: Nanos }
  /** Waits for a moment of virtual time; one that has passed does not wait. */
  | { readonly op: 'sleep_until'; readonly at: Nanos }
  /** Waits until nothing is left to happen but background expiry. */
  | { readonly op: 'settle' }
  | { readonly op: 'log'; readonly text: string }
  /** Several processes at once, as the program's group of this number lists them. */
  | { readonly op: 'group'; readonly group: number };

export type OperationName = Operation['op'];

/** What an operation is about: a path, a name or an alias; nothing when it asks nobody anything. */
export function subjectOf(operation: Operation): string {
  switch (operation.op) {
    case 'finit_module':
    case 'init_module':
    case 'read':
    case 'write':
      return operation.path;
    case 'delete_module':
    case 'request_module':
    case 'modprobe':
      return operation.name;
    case 'uevent':
      return operation.modalias;
    default:
      return '';
  }
}

/** One process of a group. */
export interface GroupMember {
  readonly operation: Operation;
  /** Started this long after the group. */
  readonly delay: Nanos;
  /** Signal it gets, counted from its start. */
  readonly signal?: { readonly kind: 'int' | 'kill'; readonly after: Nanos };
}

/** What one `group` operation does: file actions first, then processes, all waited for. */
export interface ProcessGroup {
  readonly files: readonly FileAction[];
  readonly members: readonly GroupMember[];
  /** Signals to programs the kernel has started, by name, counted from the group's start. */
  readonly signals?: readonly {
    readonly program: string;
    readonly kind: 'int' | 'kill';
    readonly after: Nanos;
  }[];
}

/** One context of a guest: a simulated CPU and what it asks for, in order. */
export interface ContextProgram {
  readonly cpu: number;
  /** Name of its process; default `storm`. */
  readonly comm?: string;
  readonly operations: Iterable<Operation>;
}

/** A CPU comes or goes. */
export interface Hotplug {
  readonly at: Nanos;
  readonly cpu: number;
  readonly online: boolean;
}

/** A process that comes at a moment of virtual time, asks for one thing and ends. */
export interface ArrivingProcess {
  readonly at: Nanos;
  readonly comm: string;
  readonly operation: Operation;
}

/** A signal for an arriving process; `arrival` is its number, from 0. */
export interface ArrivingSignal {
  readonly at: Nanos;
  readonly arrival: number;
  readonly signal: 'int' | 'kill';
}

/** What comes from outside, in order of time. */
export type Arrival = ArrivingProcess | ArrivingSignal;

/** A scenario made ready to run: what each context asks for. */
export interface Program {
  readonly contexts: readonly ContextProgram[];
  /** What happens to CPUs meanwhile; those at 0 before any request. */
  readonly hotplug?: readonly Hotplug[];
  /** What each `group` operation starts. */
  readonly groups: readonly ProcessGroup[];
  /** Processes that come on their own, and signals for them: times never decrease. */
  readonly arrivals?: readonly Arrival[];
}
