// SPDX-License-Identifier: MIT
// The operations the Linux guest's init can run, and their lines in its operations list
// (guest-images/linux/PROTOCOL.md, "Operations").

import { escapeToken } from './console-escapes.ts';

/** How a module file is opened. `path` is O_PATH, which cannot be read. */
export type OpenMode = 'ro' | 'wo' | 'rw' | 'path';

/** Fields shared by the two system calls that load a module. `argsPointer` replaces `args`. */
interface LoadArguments {
  readonly path: string;
  readonly args?: string | Uint8Array;
  readonly argsPointer?: number;
}

export type GuestOp =
  | (LoadArguments & {
      readonly op: 'finit_module';
      readonly flags?: number;
      readonly open?: OpenMode;
      /** A file descriptor number to pass instead of opening `path`. */
      readonly fd?: number;
      /** A file kept open by an `open` operation, used instead of opening `path`. */
      readonly slot?: number;
    })
  | (LoadArguments & {
      readonly op: 'init_module';
      /** Bytes claimed, instead of the size of the file. */
      readonly length?: number;
      /** Address of the image, instead of a copy of the file. */
      readonly pointer?: number;
    })
  /** `flags` default to O_NONBLOCK (0x800). */
  | {
      readonly op: 'delete_module';
      readonly name: string | Uint8Array;
      readonly flags?: number;
      readonly pointer?: number;
    }
  | { readonly op: 'read'; readonly path: string; readonly max?: number }
  | {
      readonly op: 'write';
      readonly path: string;
      readonly data: string | Uint8Array;
      readonly create?: boolean;
      readonly append?: boolean;
    }
  | { readonly op: 'copy' | 'link' | 'bind'; readonly from: string; readonly to: string }
  | { readonly op: 'unlink' | 'mkdir'; readonly path: string }
  | { readonly op: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly op: 'truncate'; readonly path: string; readonly length: number }
  | {
      readonly op: 'poke';
      readonly path: string;
      readonly offset: number;
      readonly data: Uint8Array;
    }
  | { readonly op: 'open'; readonly slot: number; readonly path: string; readonly mode: OpenMode }
  | { readonly op: 'close'; readonly slot: number }
  | { readonly op: 'sleep'; readonly ms: number }
  /** Until no freed init memory is left in the vmalloc space. */
  | { readonly op: 'settle'; readonly timeoutMs?: number }
  /** Until the file contains the text (or no longer, with `gone`). -62 after the timeout. */
  | {
      readonly op: 'until';
      readonly path: string;
      readonly text: string;
      readonly gone?: boolean;
      readonly timeoutMs?: number;
    }
  /** A child process runs `ops`; this operation returns its pid at once. */
  | { readonly op: 'spawn'; readonly name: string; readonly ops: readonly GuestOp[] }
  /** For one child (its wait status is returned) or `all` (how many ended). No timeout: for ever. */
  | { readonly op: 'wait'; readonly name: string; readonly timeoutMs?: number }
  /** Until the child sleeps in the kernel. */
  | { readonly op: 'blocked'; readonly name: string; readonly timeoutMs?: number }
  | { readonly op: 'kill'; readonly name: string; readonly signal: number }
  /** In a child: until the parent's next `go`. */
  | { readonly op: 'gate' }
  | { readonly op: 'go' }
  /** The process runs only when kernel workers do not (SCHED_IDLE). */
  | { readonly op: 'idle' }
  /** Kernel workers run before any other task (SCHED_FIFO), those there are. */
  | { readonly op: 'workers' }
  | { readonly op: 'setuid'; readonly uid: number }
  | { readonly op: 'comm'; readonly name: string }
  /** `events` such as `vmalloc` or `syscalls/sys_enter_finit_module`. */
  | { readonly op: 'trace_on'; readonly events: readonly string[]; readonly kilobytes?: number }
  | { readonly op: 'trace_off' }
  | { readonly op: 'trace_mark'; readonly text: string }
  | { readonly op: 'exec'; readonly argv: readonly string[] };

/** One line of the list: what is run there and by which child (null: init itself). */
export interface ListedOp {
  readonly op: GuestOp;
  readonly child: string | null;
}

export interface OpsList {
  /** The file /ops. */
  readonly text: string;
  /** By line: the operation, or null where a child's list ends. */
  readonly lines: readonly (ListedOp | null)[];
}

const PROTOCOL_VERSION = 1;

/** Throws a RangeError for a list that init could not run as meant. */
export function encodeOps(ops: readonly GuestOp[], nonce: string): OpsList {
  const text = [`modstorm-ops ${PROTOCOL_VERSION} ${escapeToken(nonce)}`];
  const lines: (ListedOp | null)[] = [];
  const add = (op: GuestOp, child: string | null): void => {
    text.push(encodeOp(op));
    lines.push({ op, child });
    if (op.op !== 'spawn') return;
    if (child !== null) throw new RangeError(`child ${child} cannot spawn ${op.name}`);
    if (!/^[\w-]{1,31}$/.test(op.name) || op.name === 'all')
      throw new RangeError(`bad child name ${JSON.stringify(op.name)}`);
    for (const inner of op.ops) add(inner, op.name);
    text.push('end');
    lines.push(null);
  };
  for (const op of ops) add(op, null);
  return { text: `${text.join('\n')}\n`, lines };
}

function line(
  words: readonly (string | Uint8Array | number)[],
  options: Record<string, string | Uint8Array | number | undefined> = {},
): string {
  const out = words.map((w) => (typeof w === 'number' ? String(w) : escapeToken(w)));
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (typeof value === 'number') out.push(`${key}=${value}`);
    else out.push(value.length === 0 ? `${key}=` : `${key}=${escapeToken(value)}`);
  }
  return out.join(' ');
}

/** A 32-bit pattern as the signed number init parses. */
const word = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : value | 0;

function encodeOp(op: GuestOp): string {
  switch (op.op) {
    case 'finit_module': {
      const { open, fd, slot, args } = op;
      const flags = word(op.flags);
      return line(['finit', op.path], {
        open,
        fd,
        slot,
        flags,
        args,
        argsptr: word(op.argsPointer),
      });
    }
    case 'init_module': {
      const len = word(op.length);
      const ptr = word(op.pointer);
      return line(['init', op.path], { len, ptr, args: op.args, argsptr: word(op.argsPointer) });
    }
    case 'delete_module':
      return line(['delete', op.name], { flags: word(op.flags), ptr: word(op.pointer) });
    case 'read':
      return line(['read', op.path], { max: op.max });
    case 'write':
      return line(['write', op.path, op.data], {
        create: op.create ? 1 : undefined,
        append: op.append ? 1 : undefined,
      });
    case 'copy':
    case 'link':
    case 'bind':
      return line([op.op, op.from, op.to]);
    case 'unlink':
    case 'mkdir':
      return line([op.op, op.path]);
    case 'chmod':
      return line(['chmod', op.path, op.mode]);
    case 'truncate':
      return line(['truncate', op.path, op.length]);
    case 'poke':
      return line(['poke', op.path, op.offset, op.data]);
    case 'open':
      return line(['open', op.slot, op.path], { open: op.mode });
    case 'close':
      return line(['close', op.slot]);
    case 'sleep':
      return line(['sleep', op.ms]);
    case 'settle':
      return line(['settle'], { timeout: op.timeoutMs });
    case 'until':
      return line(['until', op.path, op.text], {
        gone: op.gone ? 1 : undefined,
        timeout: op.timeoutMs,
      });
    case 'spawn':
      return line(['spawn', op.name]);
    case 'wait':
    case 'blocked':
      return line([op.op, op.name], { timeout: op.timeoutMs });
    case 'kill':
      return line(['kill', op.name, op.signal]);
    case 'gate':
    case 'go':
    case 'idle':
    case 'workers':
      return op.op;
    case 'setuid':
      return line(['setuid', op.uid]);
    case 'comm':
      return line(['comm', op.name]);
    case 'trace_on':
      return line(['trace', 'on', op.events.join(',')], { kb: op.kilobytes });
    case 'trace_off':
      return line(['trace', 'off']);
    case 'trace_mark':
      return line(['trace', 'mark', op.text]);
    case 'exec':
      return line(['exec', ...op.argv]);
  }
}
