/** What a link carries in its fragment: the scenario by name, the settings, the moment. */
import * as z from 'zod';
import { exactTime } from '../../../loader/base/index.ts';
import { parseMoment, type Shading } from '../../../loader/view/index.ts';
import { COMPRESSIONS, type RunSettings, shadingSchema } from '../run-settings.ts';

export interface Shared {
  readonly scenario: string;
  readonly settings: RunSettings;
  /** A second kernel beside the first. */
  readonly versus?: string | undefined;
  readonly shading?: Shading | undefined;
  /** `failure`, `peak`, or nanoseconds. */
  readonly moment?: 'failure' | 'peak' | number | undefined;
}

const whole = z
  .string()
  .regex(/^\d{1,10}$/)
  .transform(Number);

const fragmentSchema = z.object({
  run: z.string().min(1).max(100),
  kernel: z.string().max(60).optional(),
  vs: z.string().max(60).optional(),
  cpus: whole.pipe(z.number().min(1).max(8192)).optional(),
  seed: whole.pipe(z.number().max(4_294_967_295)).optional(),
  space: z.string().max(60).optional(),
  mib: whole.pipe(z.number().min(1).max(1000)).optional(),
  compression: z.enum(COMPRESSIONS).optional(),
  by: z.enum(['guest', 'replay']).default('guest'),
  colour: shadingSchema.optional(),
  at: z.string().max(40).optional(),
});

/** The fragment without its `#`. */
export function writeFragment({ scenario, settings, versus, shading, moment }: Shared): string {
  const { kernel, cpus, seed, vmalloc, compression, guest } = settings;
  const pairs: [string, string | number | undefined][] = [
    ['run', scenario],
    ['kernel', kernel],
    ['vs', versus],
    ['cpus', cpus],
    ['seed', seed],
    [typeof vmalloc === 'number' ? 'mib' : 'space', vmalloc],
    ['compression', compression],
    ['by', guest ? undefined : 'replay'],
    ['colour', shading === 'class' ? undefined : shading],
    ['at', typeof moment === 'number' ? exactTime(moment) : moment],
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
  const { run, kernel, vs, cpus, seed, space, mib, compression, by, colour, at } = parsed.data;
  const vmalloc = mib ?? space;
  const moment = at === undefined ? undefined : momentOf(at);
  return {
    scenario: run,
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
  };
}

function momentOf(at: string): Shared['moment'] {
  const parsed = parseMoment(at);
  if (!parsed.ok) return undefined;
  const { moment } = parsed;
  if (moment.at === 'failure' || moment.at === 'peak') return moment.at;
  return moment.at === 'time' ? moment.t : undefined;
}
