/** What a link carries in its fragment: the scenario by name, the settings, the moment. */
import * as z from 'zod';
import { exactTime } from '../../../loader/base/index.ts';
import { parseMoment, type Shading } from '../../../loader/view/index.ts';
import { COMPRESSIONS, MAX_KERNEL, type RunSettings, shadingSchema } from '../run-settings.ts';
import type { TimeRange } from './time-range.ts';

export interface Shared {
  readonly scenario: string;
  readonly settings: RunSettings;
  /** A scenario that is not bundled, as packText leaves it. */
  readonly packed?: string | undefined;
  /** A second kernel beside the first. */
  readonly versus?: string | undefined;
  readonly shading?: Shading | undefined;
  /** `failure`, `peak`, or nanoseconds. */
  readonly moment?: 'failure' | 'peak' | number | undefined;
  /** The time that charts and tracks show; all of it without one. */
  readonly range?: TimeRange | undefined;
}

const whole = z
  .string()
  .regex(/^\d{1,10}$/)
  .transform(Number);

const fragmentSchema = z.object({
  run: z.string().min(1).max(100),
  kernel: z.string().max(MAX_KERNEL).optional(),
  doc: z
    .string()
    .regex(/^[\w-]{1,100000}$/)
    .optional(),
  vs: z.string().max(60).optional(),
  cpus: whole.pipe(z.number().min(1).max(8192)).optional(),
  seed: whole.pipe(z.number().max(4_294_967_295)).optional(),
  space: z.string().max(60).optional(),
  mib: whole.pipe(z.number().min(1).max(1000)).optional(),
  compression: z.enum(COMPRESSIONS).optional(),
  by: z.enum(['guest', 'replay']).default('guest'),
  colour: shadingSchema.optional(),
  at: z.string().max(40).optional(),
  range: z.string().max(80).optional(),
});

/** The fragment without its `#`. */
export function writeFragment({
  scenario,
  settings,
  packed,
  versus,
  shading,
  moment,
  range,
}: Shared): string {
  const { kernel, cpus, seed, vmalloc, compression, guest } = settings;
  const pairs: [string, string | number | undefined][] = [
    ['run', scenario],
    ['doc', packed],
    ['kernel', kernel],
    ['vs', versus],
    ['cpus', cpus],
    ['seed', seed],
    [typeof vmalloc === 'number' ? 'mib' : 'space', vmalloc],
    ['compression', compression],
    ['by', guest ? undefined : 'replay'],
    ['colour', shading === 'class' ? undefined : shading],
    ['at', typeof moment === 'number' ? exactTime(moment) : moment],
    ['range', range && `${exactTime(Math.round(range.from))}-${exactTime(Math.round(range.to))}`],
  ];
  const query = new URLSearchParams();
  for (const [name, value] of pairs) if (value !== undefined) query.set(name, String(value));
  return query.toString();
}

/** What a fragment asks for; null when it names no run, undefined when it cannot be understood. */
export function readFragment(fragment: string): Shared | null | undefined {
  const query = new URLSearchParams(fragment.replace(/^#/, ''));
  if (!query.has('run')) return null;
  const parsed = fragmentSchema.safeParse(Object.fromEntries(query));
  if (!parsed.success) return undefined;
  const { run, doc, kernel, vs, cpus, seed, space, mib, compression, by, colour, at, range } =
    parsed.data;
  const vmalloc = mib ?? space;
  const moment = at === undefined ? undefined : momentOf(at);
  return {
    scenario: run,
    ...(doc === undefined ? {} : { packed: doc }),
    settings: {
      guest: by === 'guest',
      ...(kernel === undefined ? {} : { kernel }),
      ...(cpus === undefined ? {} : { cpus }),
      ...(seed === undefined ? {} : { seed }),
      ...(vmalloc === undefined ? {} : { vmalloc }),
      ...(compression === undefined ? {} : { compression }),
    },
    versus: vs,
    shading: colour,
    moment,
    range: range === undefined ? undefined : rangeOf(range),
  };
}

/** `1ms-2.5ms` */
function rangeOf(text: string): TimeRange | undefined {
  const [from, to] = text.split('-').map((part) => parseMoment(part));
  if (!from?.ok || !to?.ok) return undefined;
  if (from.moment.at !== 'time' || to.moment.at !== 'time') return undefined;
  return from.moment.t < to.moment.t ? { from: from.moment.t, to: to.moment.t } : undefined;
}

function momentOf(at: string): Shared['moment'] {
  const parsed = parseMoment(at);
  if (!parsed.ok) return undefined;
  const { moment } = parsed;
  if (moment.at === 'failure' || moment.at === 'peak') return moment.at;
  return moment.at === 'time' ? moment.t : undefined;
}
