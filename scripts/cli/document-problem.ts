// SPDX-License-Identifier: MIT
import type * as z from 'zod';
import { KERNEL_PRESETS } from '../../loader/presets/index.ts';
import {
  firstProblem,
  type InputProblem,
  KERNEL_KEYS,
  unknownName,
} from '../../loader/scenario/index.ts';

/** What zod found wrong in a scenario; of an unknown feature, the one that was meant. */
export function documentProblem(error: z.ZodError, document: unknown): InputProblem {
  const kernel = (document as { kernel?: unknown } | null)?.kernel;
  if (kernel !== null && typeof kernel === 'object' && !Array.isArray(kernel)) {
    const known = [...KERNEL_KEYS, ...Object.keys(KERNEL_PRESETS['v6.12'].features)];
    const strange = Object.keys(kernel).find((key) => !known.includes(key));
    if (strange !== undefined) {
      const found = unknownName('feature', strange, known);
      return { place: `kernel.${strange}`, expected: 'a feature', found };
    }
  }
  return firstProblem(error, document);
}
