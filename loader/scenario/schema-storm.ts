import * as z from 'zod';

const microseconds = z.number().min(0).max(86_400_000_000);

/** When a generator's requests come: all at once, spread evenly, or at random. */
const arrival = z
  .union([
    z.strictObject({ at_us: microseconds }),
    z.strictObject({ uniform_us: z.tuple([microseconds, microseconds]) }),
    z.strictObject({ exponential_us: microseconds, from_us: microseconds.default(0) }),
    z.strictObject({ normal_us: z.tuple([microseconds, microseconds]) }),
  ])
  .default({ at_us: 0 });

/** Which CPUs: all of them, a range `[first, last]`, or a share of them. */
const cpus = z
  .union([
    z.literal('all'),
    z.strictObject({ from: z.int().min(0), to: z.int().min(0) }),
    z.strictObject({ list: z.array(z.int().min(0)).min(1) }),
  ])
  .default('all');

const perCpu = z.strictObject({
  /** Each chosen CPU asks for each chosen module. */
  per: z.literal('cpu'),
  cpus,
  op: z.enum(['finit_module', 'init_module', 'modprobe', 'request_module', 'uevent']),
  /** Names, paths or modaliases; `all` = every module of the source, dependencies first. */
  modules: z.union([z.literal('all'), z.array(z.string().min(1)).min(1)]),
  /** Only the first so many modules. */
  limit: z.int().min(1).optional(),
  order: z.enum(['listed', 'shuffled']).default('listed'),
  repeat: z.int().min(1).max(1_000_000).default(1),
  arrival,
  /** Pause of a CPU between two of its requests. */
  gap_us: microseconds.default(0),
});

export const stormSchema = z.strictObject({
  generators: z.array(perCpu).min(1).max(1000),
});

export type Storm = z.infer<typeof stormSchema>;
export type Generator = Storm['generators'][number];
export type Arrival = Generator['arrival'];
