import * as z from 'zod';
import { MODULE_INIT_FLAGS } from '../module/index.ts';

/** include/uapi/asm-generic/fcntl.h: the flags delete_module(2) looks at. */
const DELETE_FLAGS: Readonly<Record<string, number>> = { O_NONBLOCK: 2048, O_TRUNC: 512 };

/** Flags as a number, or the kernel's names joined by `|`. */
function flags(names: Readonly<Record<string, number>>, fallback: number) {
  const text = z.string().transform((value, ctx) => {
    let sum = 0;
    for (const part of value.split('|').map((word) => word.trim())) {
      const bit = names[part];
      if (bit === undefined) {
        const known = Object.keys(names).join(', ');
        ctx.addIssue({ code: 'custom', message: `flags among ${known}` });
        return z.NEVER;
      }
      sum |= bit;
    }
    return sum;
  });
  const number = z
    .int()
    .min(-2_147_483_648)
    .max(4_294_967_295)
    .transform((value) => value >>> 0);
  return z.union([number, text]).default(fallback);
}

/** What the module port can carry (emulator/port/PROTOCOL.md): guests and replay take the same. */
const NAME_MAX = 4096;
const TEXT_MAX = 16_384;

const text = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^\P{Surrogate}*$/u, 'well-formed Unicode');
const name = text(NAME_MAX).regex(/^[^\0]*$/, 'a name without NUL');
const path = name.min(1);

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'm');
    return true;
  } catch {
    return false;
  }
}

const args = text(TEXT_MAX).default('');

const pattern = z.string().min(1).max(4096).refine(isPattern, 'a regular expression');

/** What must come of a call; anything else fails the run. */
const expectation = z.strictObject({
  /** Its value, or the name of the errno. */
  ret: z.union([z.int(), z.string().regex(/^E[A-Z0-9]+$/, 'an errno such as EEXIST')]).optional(),
  /** Patterns, each of which a kernel log line of the call must match. */
  log: z.array(pattern).max(1000).optional(),
  /** A pattern that none may match. */
  no_log: pattern.optional(),
  /** What modprobe prints, its lines joined. */
  output: pattern.optional(),
  /** The text a read gives. */
  pattern: pattern.optional(),
});
const expect = expectation.optional();
export type Expectation = z.infer<typeof expectation>;

const finitModule = z.strictObject({
  finit_module: path,
  flags: flags(MODULE_INIT_FLAGS, 0),
  args,
  /** `write`: opened write-only; `bad`: a descriptor that is not open. */
  open: z.enum(['read', 'write', 'bad']).default('read'),
  expect,
});
const initModule = z.strictObject({
  init_module: path,
  args,
  /** Length passed to the call instead of the file's. */
  len: z.int().min(0).max(4_294_967_295).optional(),
  /** Pass a pointer that cannot be read. */
  fault: z.boolean().default(false),
  expect,
});
const deleteModule = z.strictObject({
  delete_module: name,
  flags: flags(DELETE_FLAGS, 2048),
  expect,
});
const requestModule = z.strictObject({
  request_module: name,
  wait: z.boolean().default(true),
  expect,
});
const modprobe = z.strictObject({ modprobe: path, args, expect });
const uevent = z.strictObject({ uevent: path });
const read = z.strictObject({
  read: path,
  /** What the text must be, or what must come of the call. */
  expect: z.union([z.string().max(65_536), expectation]).optional(),
});
const write = z.strictObject({ write: path, text: text(TEXT_MAX), expect });
const sleep = z.strictObject({ sleep_ms: z.number().min(0).max(86_400_000) });
const log = z.strictObject({ log: text(1024) });
/** A second name for a file, and a second file with the same bytes. */
const link = z.strictObject({ link: path, to: path });
const copy = z.strictObject({ copy: path, to: path });
/** Keep a file open for writing, and close it again. */
const openWrite = z.strictObject({ open_write: path });
const closeWrite = z.strictObject({ close_write: path });

export const callStep = z.union([
  finitModule,
  initModule,
  deleteModule,
  requestModule,
  modprobe,
  uevent,
  read,
  write,
]);

/** Processes started together; each may start late and be sent a signal. */
const parallel = z.strictObject({
  parallel: z
    .array(
      z.strictObject({
        step: callStep,
        delay_ms: z.number().min(0).max(86_400_000).default(0),
        signal: z
          .strictObject({
            kind: z.enum(['int', 'kill']),
            after_ms: z.number().min(0).max(86_400_000),
          })
          .optional(),
      }),
    )
    .min(1)
    .max(4096),
  /** Sent to the programs of that name that the kernel has started, so long after the beginning. */
  signals: z
    .array(
      z.strictObject({
        program: z.string().min(1).max(15),
        kind: z.enum(['int', 'kill']),
        after_ms: z.number().min(0).max(86_400_000),
      }),
    )
    .max(4096)
    .default([]),
});

export const stepSchema = z.union([
  callStep,
  sleep,
  log,
  link,
  copy,
  openWrite,
  closeWrite,
  parallel,
]);

export type CallStep = z.infer<typeof callStep>;
export type Step = z.infer<typeof stepSchema>;
