// SPDX-License-Identifier: MIT
/** The parts of a result document that the page shows. */
import * as z from 'zod';

const count = z.number();

const tally = z.object({
  total: count,
  ok: count,
  errors: z.record(z.string(), count),
});

export const resultSchema = z.object({
  version: z.literal(1),
  scenario: z.object({ name: z.string(), seed: count }),
  kernel: z.looseObject({ base: z.string(), release: z.string() }),
  machine: z.looseObject({
    cpus: count,
    vmalloc: z.looseObject({ name: z.string(), start: z.string(), end: z.string(), bytes: count }),
    initial: z.string().optional(),
  }),
  modules: z.object({ source: z.string(), files: count, bytes: count }),
  calls: z.record(z.string(), tally),
  counters_true: z.record(z.string(), count),
  wasted: z.object({ kread: count, decompress: count, becoming: count, load: count }),
  duplicates: z.array(
    z.object({ name: z.string(), count, becoming: z.boolean(), load: z.boolean() }),
  ),
  files: z.record(z.string(), z.string()),
  vmalloc: z.looseObject({ total: count, used: count, lazy: count, largest_free: count }),
  peak: z.looseObject({ t: count, used: count }),
  /** Enough of the results to tell whether events are of the same run. */
  results: z
    .array(
      z.looseObject({
        request: count.optional(),
        op: z.string(),
        subject: z.string(),
        start_ns: count,
      }),
    )
    .optional(),
  first_failure: z.looseObject({ t: count, seq: count, sentence: z.string() }).nullable(),
  end_ns: count,
  events: count,
});

/** A result as the page knows it; whatever else the document holds is left out. */
export type ResultFile = z.infer<typeof resultSchema>;
