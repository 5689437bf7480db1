/**
 * The scenario document, version 1. A key that is not named here is refused; the version moves
 * when an old document would no longer mean the same.
 */
import * as z from 'zod';
import { DEFAULT_ADDRESS_SPACE, DEFAULT_COSTS, DEFAULT_USERSPACE_COSTS } from '../presets/index.ts';
import { stepSchema } from './schema-steps.ts';
import { stormSchema } from './schema-storm.ts';

const hexAddress = z.string().regex(/^0x[0-9a-fA-F]{1,16}$/, 'an address such as "0xf77fe000"');

const featureSchema = z
  .strictObject({
    idempotent: z.enum(['none', 'uninterruptible', 'interruptible']),
    early_check: z.boolean(),
    deny_write: z.enum(['shared', 'exclusive-read', 'exclusive-call']),
    going_rule: z.enum(['retry', 'busy']),
    limiter: z.enum(['counter', 'semaphore']),
    dups: z.union([z.enum(['off', 'v6.4', 'refcounted']), z.boolean()]),
    layout: z.enum(['two', 'seven']),
    va_failure_message: z.enum(['vmalloc=', 'range']),
    module_memory_failure: z.enum(['noisy', 'quiet']),
    workspace: z.enum(['vmalloc', 'kvmalloc']),
    lazy_areas: z.enum(['merged', 'per_node']),
    stats: z.boolean(),
    kread_bytes_bug: z.boolean(),
    section_name_check: z.enum(['all', 'alloc']),
    compression: z.enum(['none', 'gzip', 'xz', 'zstd']),
    kallsyms: z.boolean(),
    kallsyms_all: z.boolean(),
    module_unload: z.boolean(),
    module_force_load: z.boolean(),
    module_force_unload: z.boolean(),
    strict_module_rwx: z.boolean(),
    constructors: z.boolean(),
    livepatch: z.boolean(),
    dynamic_debug: z.boolean(),
    smp: z.boolean(),
    nx: z.boolean(),
    module_sig: z.enum(['off', 'permissive', 'enforce']),
  })
  .partial();

export const kernelSchema = z.union([
  z.string().min(1),
  featureSchema.extend({
    base: z.string().min(1).default('v6.12'),
    release: z.string().min(1).optional(),
    vermagic: z.string().min(1).optional(),
    struct_module_size: z.int().min(1).max(65_536).optional(),
    /** What the kernel proper exports: names, or the text of its Module.symvers. */
    exports: z.union([z.array(z.string().min(1)), z.string()]).optional(),
    blacklist: z.array(z.string()).default([]),
  }),
]);

const costs = z
  .strictObject(
    Object.fromEntries(
      Object.keys(DEFAULT_COSTS).map((name) => [name, z.number().min(0).max(1e12).optional()]),
    ),
  )
  .default({});

export const machineSchema = z.strictObject({
  cpus: z.int().min(1).max(8192).default(8),
  /** A named address space, bounds, or what `vmalloc=` on the command line gives. */
  vmalloc: z
    .union([
      z.string().min(1),
      z.strictObject({ start: hexAddress, end: hexAddress }),
      z.strictObject({ mib: z.int().min(1).max(1000) }),
    ])
    .default(DEFAULT_ADDRESS_SPACE),
  /** Text of /proc/vmallocinfo of a real box, or a path to it. */
  initial: z.string().optional(),
  memory_mb: z.int().min(1).max(67_108_864).optional(),
  costs,
});

/** What runs above the kernel. */
const userspaceSchema = z.strictObject({
  /** Most udev workers at a time; by default what systemd computes. */
  udev_children_max: z.int().min(1).max(65_536).optional(),
  /** Programs by absolute path: how long they take and how they end. */
  programs: z
    .record(
      z.string().regex(/^\//, 'an absolute path'),
      z.strictObject({
        exit: z.int().min(0).max(255).default(0),
        duration_ms: z.number().min(0).max(86_400_000).default(0),
        /** Does what modprobe does, after its own time. */
        modprobe: z.boolean().default(false),
      }),
    )
    .default({}),
  /** Directives as in modprobe.d: alias, blacklist, install, options, remove, softdep. */
  modprobe_conf: z.string().max(1_000_000).default(''),
  /** Names that the security module refuses to request, with the errno. */
  refuse_request: z.record(z.string(), z.int().min(-4095).max(-1)).default({}),
  costs: z
    .strictObject(
      Object.fromEntries(
        Object.keys(DEFAULT_USERSPACE_COSTS).map((name) => [
          name,
          z.number().min(0).max(1e12).optional(),
        ]),
      ),
    )
    .default({}),
});

const initSchema = z.strictObject({
  ret: z.int().min(-4095).max(2_147_483_647).default(0),
  duration_us: z.number().min(0).max(1e9).optional(),
  /** More, for each CPU of the machine. */
  cpu_us: z.number().min(0).max(1e9).default(0),
  /** Whether it sleeps for its duration instead of keeping the CPU. */
  sleeps: z.boolean().default(false),
  /** How long its exit function sleeps. */
  exit_us: z.number().min(0).max(1e9).default(0),
  /** In which order its exit gives back what init kept. */
  exit_order: z.enum(['latest_first', 'as_taken']).default('latest_first'),
  /** Modules it takes a reference on and keeps until exit, one for each time they are named. */
  holds: z.array(z.string().min(1)).default([]),
  keeps_vmalloc: z.array(z.int().min(1).max(2_147_483_647)).default([]),
  uses_vmalloc: z.array(z.int().min(1).max(2_147_483_647)).default([]),
});

/** One behaviour for every run of a module's init, or one for each run; the last one stays. */
const inits = z
  .record(z.string(), z.union([initSchema, z.array(initSchema).min(1).max(100_000)]))
  .default({});

const modulesSchema = z.union([
  z.string().min(1),
  z.strictObject({ dir: z.string().min(1), init: inits }),
  z.strictObject({ catalog: z.string().min(1), init: inits }),
  z.strictObject({
    synthetic: z.strictObject({
      count: z.int().min(1).max(20_000).default(64),
      seed: z.int().min(0).max(4_294_967_295).default(1),
    }),
    init: inits,
  }),
  /** Made after what /proc/modules says of each: name, bytes in memory, modules it uses. */
  z.strictObject({
    listed: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[\w-]{1,63}$/, 'the name of a module'),
          size: z.int().min(1).max(1_073_741_824),
          needs: z.array(z.string()).default([]),
        }),
      )
      .min(1)
      .max(20_000),
    init: inits,
  }),
]);

/** What an imported scenario was made of, and what its machine did. */
const provenanceSchema = z.array(
  z.strictObject({
    how: z.enum(['measured', 'derived', 'assumed']),
    what: z.string(),
    from: z.string(),
  }),
);

const measuredSchema = z.strictObject({
  /** Calls in the order of the steps; `ret` is left out where the record does not show it. */
  calls: z
    .array(z.strictObject({ op: z.string(), target: z.string(), ret: z.int().optional() }))
    .default([]),
  /** Rows of the `stats` text by label; decimal digits. */
  stats: z.record(z.string(), z.string().regex(/^-?\d{1,20}$/)).default({}),
  /** Where each allocation of the trace went, in order: `0x…` and bytes. */
  areas: z.array(z.tuple([hexAddress, z.int().min(0)])).default([]),
});

export const scenarioSchema = z
  .strictObject({
    $schema: z.string().optional(),
    version: z.literal(1),
    name: z.string().min(1).max(200),
    description: z.string().optional(),
    kernel: kernelSchema.default('v6.12'),
    machine: machineSchema.prefault({}),
    modules: modulesSchema,
    userspace: userspaceSchema.prefault({}),
    seed: z.int().min(0).max(4_294_967_295).default(1),
    steps: z.array(stepSchema).max(1_000_000).optional(),
    storm: stormSchema.optional(),
    provenance: provenanceSchema.optional(),
    measured: measuredSchema.optional(),
  })
  .refine((s) => (s.steps === undefined) !== (s.storm === undefined), {
    message: 'either steps or a storm',
  });

export type ScenarioInput = z.input<typeof scenarioSchema>;
export type Scenario = z.infer<typeof scenarioSchema>;
export type KernelChoice = z.infer<typeof kernelSchema>;
export type MachineChoice = z.infer<typeof machineSchema>;
export type InitChoice = z.infer<typeof initSchema>;

/** The document's JSON Schema (2020-12). */
export function scenarioJsonSchema(): unknown {
  return z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any' });
}
