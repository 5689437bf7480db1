// SPDX-License-Identifier: MIT
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
    workspace: z.enum(['kmalloc', 'vmalloc', 'kvmalloc']),
    protect: z.enum(['each_call', 'each_area']),
    after_init: z.enum(['all', 'ro_after_init']),
    ro_after_init: z.enum(['first', 'all']),
    twice_named_sections: z.enum(['accepted', 'refused']),
    taint_at: z.enum(['layout', 'list']),
    this_module_check: z.boolean(),
    symbol_index_check: z.boolean(),
    string_table_types: z.boolean(),
    strtab_check: z.boolean(),
    percpu_relocations: z.boolean(),
    missing_version: z.enum(['refused', 'accepted']),
    module_namespaces: z.boolean(),
    failed_search: z.enum(['vend', 'errno']),
    test_kmod_fs: z.enum(['xfs', 'none']),
    execmem_limit: z.enum(['__execmem_alloc', 'execmem_vmalloc']),
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
    module_sig_key: z.boolean(),
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
    /** Text of the kernel's configuration, or a path to it. */
    config: z.string().optional(),
    /** Signers whose keys it has, by common name, as modinfo shows `signer`. */
    trusted_keys: z.array(z.string().min(1).max(200)).max(1000).optional(),
  }),
]);

const costs = z
  .strictObject(
    Object.fromEntries(
      Object.keys(DEFAULT_COSTS).map((name) => [name, z.number().min(0).max(1e12).optional()]),
    ),
  )
  .default({});

/** In units of the per-CPU allocator. */
const multipleOfFour = z.int().min(0).max(1_048_576).multipleOf(4);

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
  /** Which constants: those of bare metal, or of a guest of KVM. */
  kind: z.enum(['bare-metal', 'kvm-guest']).default('bare-metal'),
  /** Sockets, each with memory of its own; by default one for each 64 CPUs. */
  sockets: z.int().min(1).max(256).optional(),
  memory_mb: z.int().min(1).max(67_108_864).optional(),
  /** `MemTotal:` of its /proc/meminfo; by default worked out from `memory_mb`. */
  total_ram_kb: z.int().min(1).max(68_719_476_736).optional(),
  /** Room for per-CPU data after the boot, in bytes for each CPU; by default what is usual there. */
  percpu: z
    .strictObject({
      /** For the static data of modules alone (`rN` of the log's `percpu: Embedded` line). */
      reserved: multipleOfFour.optional(),
      /** Free for all in the first chunk. */
      free: multipleOfFour.optional(),
    })
    .optional(),
  /** The kernel's command line: module_blacklist=, modprobe.blacklist=, MODULE.PARAM=VALUE. */
  command_line: z
    .string()
    .max(4095)
    .regex(/^[^\0]*$/, 'a text without NUL')
    .default(''),
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
        /** Its file has a format no handler takes: exec asks for `binfmt-` and these four digits. */
        binfmt: z
          .string()
          .regex(/^[0-9a-f]{4}$/, 'four hexadecimal digits')
          .optional(),
      }),
    )
    .default({}),
  /** Directives as in modprobe.d: alias, blacklist, install, options, remove, softdep. */
  modprobe_conf: z.string().max(1_000_000).default(''),
  /** Files of modprobe.d by absolute path, read in libkmod's order. */
  modprobe_d: z
    .record(
      z.string().regex(/^\/.+\/[^/]+$/, 'the absolute path of a file'),
      z.string().max(1_000_000),
    )
    .default({}),
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

/** A name for request_module(), waited for or not, or the modalias of a device that appears. */
const initRequest = z.union([
  z.string().min(1).max(4096),
  z.strictObject({ request: z.string().min(1).max(4096), wait: z.boolean().default(true) }),
  z.strictObject({ uevent: z.string().min(1).max(4096) }),
]);

const initRequests = z.array(initRequest).max(1000).default([]);

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
  /** In which order init gives back what it used. */
  uses_order: z.enum(['latest_first', 'as_taken']).default('latest_first'),
  /** Sizes it asks for beside, and does without when there is no room. */
  tries_vmalloc: z.array(z.int().min(1).max(2_147_483_647)).default([]),
  /** What it asks of user space, one after the other, once it has its memory. */
  requests: initRequests,
  /** A job it gives to an async worker, which its load waits for without `async_probe`. */
  async: z
    .strictObject({ duration_us: z.number().min(0).max(1e9).default(0), requests: initRequests })
    .optional(),
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
export type InitRequestChoice = z.infer<typeof initRequest>;

/** The document's JSON Schema (2020-12). */
export function scenarioJsonSchema(): unknown {
  return z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any' });
}
