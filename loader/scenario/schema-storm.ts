import * as z from 'zod';
import { arrivalsSchema } from './schema-arrivals.ts';

/** Up to a day, in microseconds. */
const microseconds = z.number().min(0).max(86_400_000_000);

/** When a requester's first request comes, counted from its phase. */
const arrival = z
  .union([
    z.strictObject({ at_us: microseconds }),
    z.strictObject({ uniform_us: z.tuple([microseconds, microseconds]) }),
    z.strictObject({ exponential_us: microseconds, from_us: microseconds.default(0) }),
    z.strictObject({ normal_us: z.tuple([microseconds, microseconds]) }),
    z.strictObject({ every_us: microseconds, from_us: microseconds.default(0) }),
  ])
  .default({ at_us: 0 });

const cpuNumber = z.int().min(0).max(8191);

/** Which CPUs: all of them, a range, or a list. */
const cpus = z.union([
  z.literal('all'),
  z.strictObject({ from: cpuNumber, to: cpuNumber }),
  z.strictObject({ list: z.array(cpuNumber).min(1).max(8192) }),
]);

/** A signal for a share of the requests, some time after each began. */
const kill = z.strictObject({
  share: z.number().min(0).max(1),
  after_us: microseconds,
  signal: z.enum(['int', 'kill']).default('kill'),
});

export const STORM_OPS = [
  'finit_module',
  'init_module',
  'finit_delete',
  'modprobe',
  'request_module',
  'uevent',
] as const;

const shared = {
  /** Begins with this phase of the storm; by default at 0. */
  phase: z.string().min(1).optional(),
  op: z.enum(STORM_OPS),
  /** Names, paths, aliases; `all` = every module of the source, dependencies first. */
  modules: z.union([z.literal('all'), z.array(z.string().min(1).max(4096)).min(1).max(100_000)]),
  limit: z.int().min(1).optional(),
  /** `rounds`: one process asks for every requester's first module, then for their second. */
  order: z.enum(['listed', 'shuffled', 'rounds']).default('listed'),
  repeat: z.int().min(1).max(1_000_000).default(1),
  arrival,
  /** Pause of a requester between two of its requests. */
  gap_us: microseconds.default(0),
  /** `each`: every requester is a process of its own; `one`: one process speaks for all. */
  by: z.enum(['each', 'one']).default('each'),
  /** Module parameters, or modprobe's options. */
  args: z.string().max(65_536).default(''),
  /** request_module() or request_module_nowait(). */
  wait: z.boolean().default(true),
  /** `fs`: asks for `fs-NAME`, as mount(2) does. */
  form: z.enum(['name', 'fs']).default('name'),
  /** `own`: each requester loads from a copy of the file, an inode of its own. */
  copies: z.enum(['shared', 'own']).default('shared'),
  /** What to do about a name that no module has: refuse the scenario, or ask all the same. */
  missing: z.enum(['error', 'ask']).default('error'),
  kill: kill.optional(),
  /** Draw of this generator alone; by default made from the scenario's seed. */
  seed: z.int().min(0).max(4_294_967_295).optional(),
};

const perCpu = z.strictObject({
  /** A requester on each chosen CPU. */
  per: z.literal('cpu'),
  cpus: cpus.default('all'),
  ...shared,
});

const perCount = z.strictObject({
  /** So many requesters, spread over the chosen CPUs in turn. */
  per: z.enum(['device', 'process']),
  count: z.int().min(1).max(65_536),
  cpus: cpus.default('all'),
  ...shared,
});

const generator = z.discriminatedUnion('per', [perCpu, perCount]);

const hotplug = z.strictObject({
  at_us: microseconds,
  cpus,
  online: z.boolean(),
});

export const stormSchema = z
  .strictObject({
    /** Named starting points of a boot, in milliseconds. */
    phases: z
      .record(z.string().min(1), z.strictObject({ at_ms: z.number().min(0).max(86_400_000) }))
      .default({}),
    generators: z.array(generator).max(1000).default([]),
    /** Processes that come one by one at given times, as a recorded session has them. */
    arrivals: arrivalsSchema.optional(),
    /** CPUs that come and go. */
    hotplug: z.array(hotplug).max(100_000).default([]),
  })
  .refine((storm) => storm.generators.length > 0 || storm.arrivals !== undefined, {
    message: 'at least one generator, or arrivals',
    path: ['generators'],
  });

export type Storm = z.infer<typeof stormSchema>;
export type Generator = Storm['generators'][number];
export type Arrival = Generator['arrival'];
export type CpuChoice = Generator['cpus'];
export type Kill = NonNullable<Generator['kill']>;
