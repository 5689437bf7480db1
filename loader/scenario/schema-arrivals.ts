import * as z from 'zod';
import { callStep } from './schema-steps.ts';

const DAY_NS = 86_400_000_000_000;
const at_ns = z
  .int()
  .min(0)
  .max(30 * DAY_NS);

/** One process: when it comes, what it is called, and the one thing it asks for. */
const process = z.strictObject({
  at_ns,
  comm: z.string().min(1).max(15).default('modprobe'),
  step: callStep,
});

/** A signal for an earlier process; processes are numbered from 0 as they are listed. */
const signal = z.strictObject({
  at_ns,
  to: z.int().min(0).max(1_000_000),
  signal: z.enum(['int', 'kill']).default('kill'),
});

/** In order of time; entries of the same nanosecond come in the order listed. */
export const arrivalsSchema = z.array(z.union([process, signal])).max(1_000_000);

export type ArrivalChoice = z.infer<typeof arrivalsSchema>[number];
