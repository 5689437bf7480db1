// SPDX-License-Identifier: MIT
/** Which requests of a record can be made again. */
import type { SeenRequest } from './facts.ts';
import { moduleName } from './request-steps.ts';

/** What a scenario's step takes (schema-steps.ts), and what a module may be called (MODULE_NAME_LEN). */
const NAME_MAX = 4096;
const TEXT_MAX = 16_384;
const MODULE = /^[\w-]{1,63}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Why this one cannot be replayed; null when it can. */
export function whyUnusable({ op, target, flags, args, start, end }: SeenRequest): string | null {
  if (target === '') return 'nothing in the record names its module';
  if (target.length > NAME_MAX || target.includes('\0') || LONE_SURROGATE.test(target)) {
    return 'its name is longer than 4,096 characters or no text';
  }
  if (op !== 'uevent' && op !== 'request_module' && !MODULE.test(moduleName(target))) {
    return `${JSON.stringify(moduleName(target).slice(0, 80))} is no name of a module`;
  }
  if (args.length > TEXT_MAX || args.includes('\0') || LONE_SURROGATE.test(args)) {
    return 'its arguments are longer than 16,384 characters or no text';
  }
  if (!Number.isInteger(flags) || flags < -(2 ** 31) || flags >= 2 ** 32) {
    return 'its flags do not fit 32 bits';
  }
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end ?? 0)) {
    return 'its time is out of range';
  }
  return null;
}
