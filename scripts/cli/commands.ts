// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { ParseArgsConfig } from 'node:util';
import * as z from 'zod';
import { KERNEL_PRESETS } from '../../loader/presets/index.ts';
import { BUNDLED_SCENARIOS } from '../../loader/scenario/index.ts';
import type { CommandContext } from './command-context.ts';
import { InputError } from './input-error.ts';

type Values = Readonly<Record<string, unknown>>;

export interface Command {
  readonly summary: string;
  readonly help: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  run(values: Values, positionals: readonly string[], context: CommandContext): Promise<number>;
}

/** Options that put something over a scenario. */
const OVER_OPTIONS = {
  seed: { type: 'string' },
  modules: { type: 'string' },
  machine: { type: 'string' },
  vmalloc: { type: 'string' },
  'kernel-config': { type: 'string' },
} as const;

const RUN_OPTIONS = {
  ...OVER_OPTIONS,
  kernel: { type: 'string' },
  cpus: { type: 'string' },
  out: { type: 'string' },
  force: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

const count = (most: number, least = 0) => {
  const wanted = `a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, wanted)
    .transform(Number)
    .pipe(z.number().min(least, wanted).max(most, wanted));
};

const overValues = {
  seed: count(4_294_967_295).optional(),
  modules: z.string().min(1, 'a directory').optional(),
  machine: z.string().optional(),
  vmalloc: z.string().optional(),
  'kernel-config': z.string().min(1, 'a file').optional(),
};

const runValues = z.object({
  ...overValues,
  kernel: z.string().optional(),
  cpus: count(8192, 1).optional(),
  out: z.string().min(1, 'a directory').optional(),
  force: z.boolean().default(false),
  json: z.boolean().default(false),
  guest: z.string().optional(),
  scenario: z.string().optional(),
});

/** What `boot --guest linux` takes beyond {@link runValues}. */
const linuxValues = z.object({
  exec: z.string().min(1).optional(),
  record: z.string().min(1).optional(),
  'guest-kernel': z.string().min(1).optional(),
  initramfs: z.string().min(1).optional(),
  memory: count(2048, 32).optional(),
  cold: z.boolean().default(false),
});

const modulesValues = z.object({
  kernel: z.string().optional(),
  'kernel-config': z.string().min(1, 'a file').optional(),
  json: z.boolean().default(false),
});

const sweepValues = z.object({
  out: z.string().min(1, 'a directory').optional(),
  jobs: count(1024, 1).optional(),
  shard: z.string().optional(),
  shards: count(1_000_000, 1).optional(),
  yes: z.boolean().default(false),
  json: z.boolean().default(false),
});

const compareValues = z.object({
  kernels: z.string().min(1, 'kernels with commas between them').default('v6.3,v6.4,v6.5,v6.12'),
  cpus: z
    .string()
    .regex(/^\d{1,4}(,\d{1,4})*$/, 'whole numbers with commas between them')
    .transform((text) => text.split(',').map(Number))
    .pipe(z.array(z.number().min(1, 'CPUs from 1 to 8192').max(8192, 'CPUs from 1 to 8192')))
    .optional(),
  ...overValues,
  'until-failure': z.boolean().default(false),
  by: z.enum(['cpus', 'vmalloc'], 'cpus or vmalloc').optional(),
  most: count(8192, 1).optional(),
  draws: count(10_000, 1).optional(),
  json: z.boolean().default(false),
});

function optionsOf<T>(schema: z.ZodType<T>, values: Values): T {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const name = String(issue.path[0]);
  throw new InputError({
    file: `--${name}`,
    expected: issue.message,
    found: JSON.stringify(values[name]),
  });
}

/** An option that would change nothing is refused. */
async function ownCommand(
  { modules, json, ...others }: Values,
  positionals: readonly string[],
  context: CommandContext,
): Promise<number> {
  const [extra] = Object.keys(others).filter((name) => others[name] !== undefined);
  if (extra !== undefined) {
    throw new InputError({
      file: `--${extra}`,
      expected: 'no such option with --own: a record is replayed as it was',
      found: String(others[extra]),
    });
  }
  const files = somePositionals(positionals, 'file');
  const options = optionsOf(compareValues.pick({ modules: true, json: true }), { modules, json });
  const { compareOwn } = await import('./compare-own.ts');
  return compareOwn({ ...options, files }, context);
}

/** The options with the names that the commands know them by. */
function renamed<T extends { 'kernel-config'?: string | undefined }>(
  options: T,
): Omit<T, 'kernel-config'> & { kernelConfig: string | undefined } {
  const { 'kernel-config': kernelConfig, ...rest } = options;
  return { ...rest, kernelConfig };
}

function onePositional(positionals: readonly string[], what: string): string {
  if (positionals.length === 1) return positionals[0]!;
  throw new InputError({
    file: 'arguments',
    expected: `one ${what}`,
    found: positionals.length === 0 ? 'none' : positionals.join(' '),
  });
}

function somePositionals(positionals: readonly string[], what: string): readonly string[] {
  if (positionals.length > 0) return positionals;
  throw new InputError({ file: 'arguments', expected: `at least one ${what}`, found: 'none' });
}

/** `verify --alone`: steps on the real kernel, and what it says; no model beside it. */
async function verifyAlone(
  values: Values,
  positionals: readonly string[],
  context: CommandContext,
): Promise<number> {
  const known = ['alone', 'out', 'force', 'seed', 'modules', 'json', 'kernel'];
  const foreign = Object.keys(values).find((name) => !known.includes(name));
  if (foreign !== undefined) {
    throw new InputError({
      file: `--${foreign}`,
      expected: 'nothing: it has no effect with --alone',
      found: String(values[foreign]),
    });
  }
  const scenario =
    positionals.length === 0 ? undefined : onePositional(positionals, 'scenario with --alone');
  const { bootLinux } = await import('./boot-linux.ts');
  return bootLinux({ ...renamed(optionsOf(runValues, values)), scenario }, context);
}

const NAMES = Object.keys(BUNDLED_SCENARIOS);
const SELFTESTS = NAMES.filter((name) => name.startsWith('kmod-selftest-'));
const STORMS = NAMES.filter((name) => !SELFTESTS.includes(name));

const OVER_HELP = `  --machine NAME  i386, x86-64, arm32, arm64, or an address space by name
  --vmalloc SPACE an address space by name, 0xSTART-0xEND, or a size such as 64M
  --kernel-config FILE  the kernel's configuration (as it is, or gzipped); without it, the one that
                  lies beside the modules
`;

const SCENARIO_HELP = `  SCENARIO is a JSON file or a bundled name: ${STORMS.join(', ')},
  ${SELFTESTS[0]} to ${SELFTESTS.at(-1)}
  --kernel V      rules of another kernel: ${Object.keys(KERNEL_PRESETS).join(', ')}; a feature can
                  be switched alone: v6.4+early_check=false
  --cpus N        simulated CPUs
  --seed N        another draw of what is random
  --modules DIR   modules of this directory instead of the scenario's; a scenario that names no
                  machine and no kernel gets those the modules were made for
${OVER_HELP}  --out DIR       write result.json, events.jsonl, trace.json, trace.txt and the kernel's files
  --force         replace files in a DIR that is in use
  --json          one JSON document on stdout
`;

export const COMMANDS: Readonly<Record<string, Command>> = {
  boot: {
    summary: 'boot a guest in v86, serve its requests, report',
    help: `modstorm boot [--guest storm|linux|FILE] [--scenario SCENARIO] [options]

${SCENARIO_HELP}  --guest FILE    another multiboot image that speaks the module port
  --guest linux   a real Linux that asks the model for its modules (npm run guest:linux and
                  npm run guest:userland); Ctrl-A x leaves it. SCENARIO gives kernel, machine and
                  modules. Of this guest only:
  --exec COMMANDS     a shell runs them instead of a person, then the guest ends
  --record FILE       the session as a scenario, which replay and compare take
  --guest-kernel FILE another bzImage
  --initramfs FILE    another initramfs
  --memory MB         the guest's memory (default 256)
  --cold              boot from the start; no saved state is used or kept
`,
    options: {
      ...RUN_OPTIONS,
      guest: { type: 'string' },
      scenario: { type: 'string' },
      exec: { type: 'string' },
      record: { type: 'string' },
      'guest-kernel': { type: 'string' },
      initramfs: { type: 'string' },
      memory: { type: 'string' },
      cold: { type: 'boolean' },
    },
    async run(values, positionals, context) {
      if (positionals.length > 0) {
        throw new InputError({
          file: 'arguments',
          expected: 'only options (the scenario follows --scenario)',
          found: positionals.join(' '),
        });
      }
      const options = renamed(optionsOf(runValues, values));
      if (options.guest === 'linux') {
        const { 'guest-kernel': guestKernel, ...own } = optionsOf(linuxValues, values);
        const { bootAsking } = await import('./boot-asking.ts');
        return bootAsking({ ...options, ...own, guestKernel }, context);
      }
      const foreign = Object.keys(linuxValues.shape).find((name) => values[name] !== undefined);
      if (foreign !== undefined) {
        const expected = '--guest linux beside it';
        throw new InputError({
          file: `--${foreign}`,
          expected,
          found: `--guest ${options.guest ?? 'storm'}`,
        });
      }
      const scenario = options.scenario ?? (options.modules === undefined ? 'first-boot' : 'race');
      const { runCommand } = await import('./run-command.ts');
      return runCommand({ ...options, scenario, guest: options.guest ?? 'storm' }, context);
    },
  },
  replay: {
    summary: 'run a scenario without an emulator',
    help: `modstorm replay SCENARIO [options] [--explain]

  --explain  the run in sentences before the report: who waited for whom, and how it ended

${SCENARIO_HELP}`,
    options: { ...RUN_OPTIONS, explain: { type: 'boolean' } },
    async run(values, positionals, context) {
      const scenario = onePositional(positionals, 'scenario');
      const { runCommand } = await import('./run-command.ts');
      const { explain, ...others } = values;
      const options = renamed(optionsOf(runValues, others));
      return runCommand(
        { ...options, scenario, guest: undefined, explain: explain === true },
        context,
      );
    },
  },
  inspect: {
    summary: 'the address space at one moment of a run',
    help: `modstorm inspect RESULT|SCENARIO [--at TIME|last|peak|failure] [--format map|svg|vmallocinfo|json]

  RESULT is a directory written by --out, its events.jsonl or its result.json
  --at      a time (12.5ms, 3s), an event (#1234), last (default), peak or failure
  --format  map (default), svg, vmallocinfo or json
  --kernel, --cpus, --seed, --modules: of a SCENARIO, as for replay
${OVER_HELP}`,
    options: {
      at: { type: 'string' },
      format: { type: 'string' },
      kernel: { type: 'string' },
      cpus: { type: 'string' },
      ...OVER_OPTIONS,
      json: { type: 'boolean' },
    },
    async run(values, positionals, context) {
      const subject = onePositional(positionals, 'result or scenario');
      const options = optionsOf(
        runValues.extend({
          at: z.string().default('last'),
          format: z
            .enum(['map', 'svg', 'vmallocinfo', 'json'], 'map, svg, vmallocinfo or json')
            .optional(),
        }),
        values,
      );
      const format = options.format ?? (options.json ? 'json' : 'map');
      const { inspectCommand } = await import('./inspect-command.ts');
      return inspectCommand({ ...renamed(options), subject, format }, context);
    },
  },
  compare: {
    summary: "one storm under several kernels' rules",
    help: `modstorm compare SCENARIO|published [--kernels V,V…] [--cpus N,N…] [options]
modstorm compare --own FILE… [--modules DIR] [--json]

  --kernels LIST   default v6.3,v6.4,v6.5,v6.12; a feature can be changed alone:
                   v6.4+early_check=false+deny_write=exclusive-read
  --cpus LIST      simulated CPUs, one table for each number
  --until-failure  the smallest number of CPUs with which an allocation fails
  --by WHAT        search over cpus (default) or the size of vmalloc=
  --most N         largest number tried: CPUs (default 1024) or MiB (default 991)
  --seed N, --modules DIR, --json as for replay
${OVER_HELP}

  published sets the model beside what was measured on machines of 2021 to 2023.
  --draws N        of published: seeds and constants are drawn so often (9); 1 = as they are

  --own replays a boot that was recorded and sets it beside its own return values, stats and
  addresses. FILE is what import wrote, or the files that import takes.
`,
    options: {
      kernels: { type: 'string' },
      cpus: { type: 'string' },
      ...OVER_OPTIONS,
      'until-failure': { type: 'boolean' },
      by: { type: 'string' },
      most: { type: 'string' },
      draws: { type: 'string' },
      own: { type: 'boolean' },
      json: { type: 'boolean' },
    },
    async run({ own, ...values }, positionals, context) {
      if (own === true) return ownCommand(values, positionals, context);
      const scenario = onePositional(positionals, 'scenario');
      const options = renamed(optionsOf(compareValues, values));
      const { 'until-failure': untilFailure, by = 'cpus', ...rest } = options;
      const { compareCommand } = await import('./compare-command.ts');
      return compareCommand({ ...rest, by, scenario, untilFailure }, context);
    },
  },
  sweep: {
    summary: 'a storm over many values of its fields',
    help: `modstorm sweep FILE [--out DIR] [--jobs N] [--shard I/N] [--yes] [--json]

  FILE names a scenario and the fields that vary; every combination is run. An interrupted sweep
  goes on where it stopped when it is started again.
  --out DIR    results; default the file's name with .sweep
  --jobs N     runs at a time; default the machine's cores
  --shard I/N  only this part; also read from SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX and
               CI_NODE_INDEX
  --shards N   how many parts there are, where the environment does not say
  --yes        even above a million runs, or above what memory seems to allow
`,
    options: {
      out: { type: 'string' },
      jobs: { type: 'string' },
      shard: { type: 'string' },
      shards: { type: 'string' },
      yes: { type: 'boolean' },
      json: { type: 'boolean' },
    },
    async run(values, positionals, context) {
      const file = onePositional(positionals, 'sweep file');
      const { sweepCommand } = await import('../sweep/sweep-command.ts');
      return sweepCommand({ ...optionsOf(sweepValues, values), file }, context);
    },
  },
  merge: {
    summary: 'the shards of a sweep as one table',
    help: `modstorm merge FILE SHARD… [--out DIR] [--json]

  FILE is the sweep, each SHARD a directory that a part of it wrote
  --out DIR  default the file's name with .sweep
`,
    options: { out: { type: 'string' }, json: { type: 'boolean' } },
    async run(values, positionals, context) {
      const [file, ...shards] = positionals;
      if (file === undefined || shards.length === 0) {
        throw new InputError({
          file: 'arguments',
          expected: 'a sweep file and its shards',
          found: positionals.length === 0 ? 'none' : 'no shards',
        });
      }
      const { out, json } = optionsOf(sweepValues, values);
      const dir = out ?? `${basename(file).replace(/\.json$/, '')}.sweep`;
      const { mergeCommand } = await import('../sweep/sweep-command.ts');
      return mergeCommand({ file, shards, out: dir, json }, context);
    },
  },
  import: {
    summary: 'traces, logs and dumps of a real machine as a scenario',
    help: `modstorm import FILE|DIR… [-o SCENARIO] [options]

  Files are told apart by content: ftrace text, trace-cmd report, perf script, perf trace, bpftrace,
  strace -f, dmesg and journalctl in all their forms, serial captures, /proc/vmallocinfo,
  /proc/modules, lsmod, module stats, /proc/meminfo, udevadm info -e, modaliases, lspci -nn -k,
  Module.symvers, systemd-udevd debug logs, and what modstorm record left (.tar.gz).
  -o, --output FILE  the scenario; default stdout
  --modules DIR      the machine's module files (/lib/modules/RELEASE)
  --name NAME        name of the scenario
  --json             the scenario with provenance, warnings and unusable lines
`,
    options: {
      output: { type: 'string', short: 'o' },
      modules: { type: 'string' },
      name: { type: 'string' },
      json: { type: 'boolean' },
    },
    async run(values, positionals, context) {
      const files = somePositionals(positionals, 'file or directory');
      const options = optionsOf(
        z.object({
          output: z.string().min(1).optional(),
          modules: z.string().min(1).optional(),
          name: z.string().min(1).max(200).optional(),
          json: z.boolean().default(false),
        }),
        values,
      );
      const { importCommand } = await import('./import-command.ts');
      return importCommand({ ...options, files }, context);
    },
  },
  explain: {
    summary: 'what a log, a vmallocinfo or a stats text says, in words',
    help: `modstorm explain FILE… [--json]

  Any of the files that import takes. A log with a failed allocation and the vmallocinfo of the same
  boot together tell fragmentation from exhaustion.
`,
    options: { json: { type: 'boolean' } },
    async run(values, positionals, context) {
      const files = somePositionals(positionals, 'file');
      const { explainCommand } = await import('./explain-command.ts');
      return explainCommand({ files, json: values.json === true }, context);
    },
  },
  record: {
    summary: 'the script that records a real machine',
    help: `modstorm record > record.sh
modstorm record --boot

  Prints a POSIX shell script; run it as root on the machine. It leaves one .tar.gz for import.
  --boot  how to record from the first second of a boot
`,
    options: { boot: { type: 'boolean' } },
    async run(values, positionals, context) {
      if (positionals.length > 0) {
        throw new InputError({
          file: 'arguments',
          expected: 'only --boot',
          found: positionals.join(' '),
        });
      }
      const { RECORD_BOOT, RECORD_SCRIPT } = await import('./record-script.ts');
      await context.write(values.boot === true ? RECORD_BOOT : RECORD_SCRIPT);
      return 0;
    },
  },
  modules: {
    summary: 'what each module of a directory would cost',
    help: `modstorm modules DIR|FILE [--kernel V] [--kernel-config FILE] [--json]

  bytes per stage and per memory type of each .ko, .ko.gz, .ko.xz and .ko.zst
  --kernel V            rules of another kernel than the one the modules were made for
  --kernel-config FILE  its configuration; without it, the one that lies beside the modules
`,
    options: {
      kernel: { type: 'string' },
      'kernel-config': { type: 'string' },
      json: { type: 'boolean' },
    },
    async run(values, positionals, context) {
      const path = onePositional(positionals, 'directory or module file');
      if (!existsSync(path)) {
        throw new InputError({
          file: path,
          expected: 'a directory of modules or a module file',
          found: 'nothing there',
        });
      }
      const { modulesCommand } = await import('./modules-command.ts');
      const options = renamed(optionsOf(modulesValues, values));
      return modulesCommand({ ...options, path }, context);
    },
  },
  verify: {
    summary: 'the same operations on a real Linux and in the model, side by side',
    help: `modstorm verify [SCENARIO…] [options]

  Without SCENARIO the suites are run. Needs the guest that npm run guest:linux builds; in QEMU,
  the kernel that npm run guest:qemu fetches.
  --machine M          v86 (default), or qemu-x86_64: Debian's stock amd64 kernel, unmodified
  --kernel V           v6.12 (default) or v6.1: the real kernel and the model's preset
  --suite NAME         one suite
  --seed N             another draw of it
  --variant V          kernel for xz (default), gzip or zstd modules
  --guest-kernel FILE  another bzImage that takes the same modules
  --modules DIR        module files beside the guest's own, for SCENARIO or --recorded
  --recorded PATH      instead of a guest: the recorded answers of a real kernel, a file or a
                       directory; more may follow. Module files that are not in --modules DIR are
                       made after their facts (modules.json.gz beside the recording)
  --plant N            a self-test: plants a known bug in the model; exit code 1 when it is noticed.
                       Beside golden recordings of the checkout, or --recorded, --suite, SCENARIO
  --plants             lists the known bugs
  --all                every seed and variant
  --alone              the real kernel alone carries out the steps of one SCENARIO, or loads every
                       module it has; --out DIR, --force and --seed as for replay
  --json               one JSON document on stdout
`,
    options: {
      suite: { type: 'string' },
      seed: { type: 'string' },
      variant: { type: 'string' },
      'guest-kernel': { type: 'string' },
      machine: { type: 'string' },
      kernel: { type: 'string' },
      modules: { type: 'string' },
      recorded: { type: 'string' },
      plant: { type: 'string' },
      plants: { type: 'boolean' },
      all: { type: 'boolean' },
      json: { type: 'boolean' },
      alone: { type: 'boolean' },
      out: { type: 'string' },
      force: { type: 'boolean' },
    },
    async run(values, positionals, context) {
      if (values.alone === true) return verifyAlone(values, positionals, context);
      const alone = ['out', 'force'].find((name) => values[name] !== undefined);
      if (alone !== undefined) {
        throw new InputError({ file: `--${alone}`, expected: '--alone beside it', found: 'none' });
      }
      const { 'guest-kernel': guestKernel, ...rest } = optionsOf(
        z.object({
          suite: z.string().optional(),
          seed: count(4_294_967_295).optional(),
          variant: z.enum(['xz', 'gzip', 'zstd'], 'xz, gzip or zstd').optional(),
          'guest-kernel': z.string().min(1).optional(),
          machine: z.enum(['v86', 'qemu-x86_64']).default('v86'),
          kernel: z.string().min(1).optional(),
          modules: z.string().min(1).optional(),
          recorded: z.string().min(1).optional(),
          plant: count(1_000).optional(),
          plants: z.boolean().default(false),
          all: z.boolean().default(false),
          json: z.boolean().default(false),
        }),
        values,
      );
      const { recorded, modules, kernel, json, plant, plants } = rest;
      if (plants || plant !== undefined) {
        refuseWithout(values, plants ? ['plants', 'json'] : plantOptions(values, positionals));
        const { plantCommand, plantsCommand } = await import('../verify/plants/plant-command.ts');
        if (plant === undefined) return plantsCommand(json, context);
        return plantCommand({ ...rest, plant, guestKernel, scenarios: positionals }, context);
      }
      if (recorded !== undefined) {
        const other = ['suite', 'seed', 'variant', 'guest-kernel', 'machine', 'all'].find(
          (name) => values[name] !== undefined,
        );
        if (other !== undefined) {
          const found = `--${other}, which has no effect on a recording`;
          throw new InputError({ file: '--recorded', expected: '--kernel, --modules', found });
        }
        const { recordedCommand } = await import('../verify/recorded/recorded-command.ts');
        const { parseKernelVariant } = await import('./kernel-variant.ts');
        const paths = [recorded, ...positionals];
        const rules = kernel === undefined ? undefined : parseKernelVariant(kernel, '--kernel');
        return recordedCommand({ paths, modules, kernel: rules, json }, context);
      }
      const { verifyCommand } = await import('../verify/verify-command.ts');
      return verifyCommand({ ...rest, guestKernel, scenarios: positionals }, context);
    },
  },
  web: {
    summary: 'serve the inspector page on this machine',
    help: `modstorm web [--port N]

  --port N   the port of 127.0.0.1 to serve on (default 8064; 0 takes a free one)

  The page computes everything in the browser; any static host can serve dist/web/ as well.
`,
    options: { port: { type: 'string' } },
    async run(values, positionals, context) {
      if (positionals.length > 0) {
        throw new InputError({
          file: 'arguments',
          expected: 'only --port',
          found: positionals.join(' '),
        });
      }
      const { port } = optionsOf(z.object({ port: count(65_535).default(8064) }), values);
      const { webCommand } = await import('./web-command.ts');
      return webCommand({ port }, context);
    },
  },
};

/** Options that have an effect on a planted bug: those of a guest only where one is asked for. */
function plantOptions(values: object, positionals: readonly string[]): readonly string[] {
  const own = ['plant', 'json', 'modules'];
  if (!('suite' in values) && positionals.length === 0) return [...own, 'recorded'];
  return [...own, 'suite', 'seed', 'variant', 'guest-kernel', 'machine', 'kernel', 'all'];
}

function refuseWithout(values: object, known: readonly string[]): void {
  const other = Object.keys(values).find((name) => !known.includes(name));
  if (other === undefined) return;
  const expected = known.map((name) => `--${name}`).join(', ');
  throw new InputError({ file: `--${known[0]}`, expected, found: `--${other}, without effect` });
}

export function helpText(): string {
  const rows = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${name.padEnd(10)}${summary}\n`,
  );
  return `modstorm: a Linux boot storm on a laptop

usage: modstorm COMMAND [options]

${rows.join('')}
  modstorm COMMAND --help says more; --version prints the version.
  Exit codes: 0 done, 1 a failure the command was asked to find, 2 bad input, 130 interrupted.
`;
}
