/** Makes a scenario of what the files of a machine tell, and says where each part comes from. */
import { KERNEL_PRESETS } from '../presets/index.ts';
import { presetOf } from './architecture.ts';
import { moduleBounds, vmallocBounds } from './bounds.ts';
import { initResults, loadedBefore, nameBySize } from './derive-names.ts';
import {
  type Facts,
  type Provenance,
  placeText,
  type SeenRequest,
  type SeenSpace,
} from './facts.ts';
import { COMPRESSED_FILE, requestSteps } from './request-steps.ts';
import { isModuleMemory } from './space-report.ts';
import { whyUnusable } from './usable-request.ts';

export interface ImportOptions {
  readonly name: string;
  /** A directory of modules, as the scenario shall name it. */
  readonly modulesDir?: string | undefined;
  /** Path of a module's file below that directory. */
  readonly fileOf?: ((name: string) => string | undefined) | undefined;
  /** Bytes of each module's file as it lies there, by module. */
  readonly fileSizes?: ReadonlyMap<string, number> | undefined;
}

export interface Imported {
  /** A document of the scenario format. */
  readonly scenario: Readonly<Record<string, unknown>>;
  readonly provenance: readonly Provenance[];
  /** What a person must know before trusting the result. */
  readonly warnings: readonly string[];
}

const CALLS = new Set(['finit_module', 'init_module', 'delete_module']);
/** `listed` takes no more; a module area is smaller. */
const LARGEST_MODULE = 2 ** 30;
/** So many refused calls are named by line. */
const NAMED = 20;
/** Taken for a module whose size nothing tells: the median of Debian's modules. */
const MEDIAN_MODULE = 40_960;

export function buildScenario(facts: Facts, options: ImportOptions): Imported | string {
  const builder = new Builder(facts, options);
  return builder.build();
}

class Builder {
  readonly #facts: Facts;
  readonly #options: ImportOptions;
  readonly #provenance: Provenance[] = [];
  readonly #warnings: string[] = [];

  constructor(facts: Facts, options: ImportOptions) {
    this.#facts = facts;
    this.#options = options;
  }

  build(): Imported | string {
    const requests = this.#chosenRequests();
    const kernel = this.#kernel();
    const path = (name: string, from: string) => this.#path(name, from);
    const { steps, calls, modules } = requestSteps(requests, path);
    const before = this.#before(requests);
    const listed = this.#modules([...modules, ...before]);
    if (listed === undefined) {
      return (
        'something a scenario can be made of: calls that load modules (a trace, strace or udevd log), ' +
        'a list of modules or modaliases, or a vmallocinfo'
      );
    }
    if (!('dir' in listed)) this.#unpacked(requests);
    const machine = this.#machine(requests);
    this.#dropped();
    const scenario = {
      version: 1,
      name: this.#options.name,
      kernel,
      machine,
      modules: this.#withInits(listed, requests),
      ...(this.#facts.modprobeConf.length === 0
        ? {}
        : { userspace: { modprobe_conf: `${this.#facts.modprobeConf.join('\n')}\n` } }),
      steps:
        steps.length > 0
          ? [...before.map((name) => ({ finit_module: path(name, name) ?? name })), ...steps]
          : this.#stepsWithoutCalls(listed),
      provenance: this.#provenance,
      measured: this.#measured([
        ...before.map((name) => ({ op: 'finit_module', target: name })),
        ...calls,
      ]),
    };
    return { scenario, provenance: this.#provenance, warnings: this.#warnings };
  }

  #say(how: Provenance['how'], what: string, from: string): void {
    this.#provenance.push({ how, what, from });
  }

  /** System calls if there are any; a request that led to them would be made twice. */
  #chosenRequests(): readonly SeenRequest[] {
    const { requests } = this.#facts;
    const calls = requests.filter(({ op }) => CALLS.has(op));
    const chosen = calls.length > 0 ? calls : requests;
    const [first] = chosen;
    if (first === undefined) return [];
    const named = nameBySize(chosen, this.#options.fileSizes);
    if (named > 0) {
      this.#say(
        'derived',
        `the modules of ${named} failed loads, from the bytes the kernel read of their files`,
        'alloc_vmap_area',
      );
    }
    const last = chosen.at(-1)!;
    const where = `${placeText(first.place)} to ${placeText(last.place)}`;
    this.#say('measured', `${chosen.length} requests and their times`, where);
    const left = requests.length - chosen.length;
    if (left > 0) {
      this.#say(
        'derived',
        `${left} requests of the kernel or of udev are left out: the calls they led to are there`,
        where,
      );
    }
    const usable = chosen.filter((request) => whyUnusable(request) === null);
    const refused = chosen.filter((request) => whyUnusable(request) !== null);
    if (refused.length > 0) {
      this.#warnings.push(`${refused.length} of ${chosen.length} calls cannot be replayed`);
      for (const request of refused.slice(0, NAMED)) {
        this.#warnings.push(`${placeText(request.place)}: ${whyUnusable(request)}`);
      }
      if (refused.length > NAMED) this.#warnings.push(`and ${refused.length - NAMED} more calls`);
    }
    const derived = usable.filter((request) => request.derived).length;
    if (derived > 0) {
      this.#say(
        'derived',
        `the modules of ${derived} calls, from module_load, module_free or the opens of their task`,
        where,
      );
    }
    const open = usable.filter(({ ret }) => ret === undefined).length;
    if (open > 0)
      this.#say(
        'assumed',
        `${open} calls whose return value is not in the record run to their end`,
        where,
      );
    return usable;
  }

  /** Modules that must be loaded first, so that the record's calls find what they found. */
  #before(requests: readonly SeenRequest[]): readonly string[] {
    const names = loadedBefore(requests);
    if (names.length > 0) {
      this.#say(
        'derived',
        `${names.length} modules were loaded before the record (${names.slice(0, 5).join(', ')}${names.length > 5 ? ' …' : ''}): the calls were refused or removed them`,
        'return values',
      );
    }
    return names;
  }

  /** `modules` with what each init returned. */
  #withInits(
    modules: Readonly<Record<string, unknown>>,
    requests: readonly SeenRequest[],
  ): Readonly<Record<string, unknown>> {
    const results = initResults(requests);
    if (results.size === 0) return modules;
    this.#say(
      'measured',
      `what the init of ${results.size} modules returned (${[...results.keys()].slice(0, 5).join(', ')}${results.size > 5 ? ' …' : ''}): the model is given it`,
      'return values',
    );
    const init = Object.fromEntries([...results].map(([name, ret]) => [name, { ret }]));
    return { ...modules, init };
  }

  /** Files made after a list are not compressed. */
  #unpacked(requests: readonly SeenRequest[]): void {
    const packed = requests.filter(
      ({ flags, op }) => op === 'finit_module' && (flags & COMPRESSED_FILE) !== 0,
    ).length;
    if (packed === 0) return;
    this.#say(
      'assumed',
      `${packed} loads of compressed files are made with files that are not compressed`,
      'no --modules DIR',
    );
    this.#warnings.push(
      'what the kernel needs to decompress is not counted: give --modules DIR for that',
    );
  }

  #kernel(): unknown {
    const { release } = this.#facts;
    const number = /^(\d+)\.(\d+)/.exec(release?.text ?? '');
    if (release === undefined || number === null) {
      this.#say('assumed', 'kernel v6.12: no file tells the release', 'nothing');
      return 'v6.12';
    }
    const wanted = Number(number[1]) * 1000 + Number(number[2]);
    const known = Object.keys(KERNEL_PRESETS)
      .flatMap((name) => {
        const found = /^v(\d+)\.(\d+)$/.exec(name);
        return found === null ? [] : [{ name, value: Number(found[1]) * 1000 + Number(found[2]) }];
      })
      .sort((a, b) => a.value - b.value);
    const base = known.filter(({ value }) => value <= wanted).at(-1) ?? known[0]!;
    this.#say('measured', `release ${release.text}`, release.from);
    if (base.value === wanted) this.#say('derived', `rules of ${base.name}`, release.from);
    else {
      this.#say(
        'assumed',
        `rules of ${base.name}, the nearest the model has for ${release.text}`,
        release.from,
      );
      if (base.value > wanted) {
        this.#warnings.push(
          `${release.text} is older than the oldest rules the model has (${base.name})`,
        );
      }
    }
    const compression = this.#compression();
    return {
      base: base.name,
      release: release.text,
      ...(compression === undefined ? {} : { compression }),
    };
  }

  #compression(): string | undefined {
    const { config } = this.#facts;
    if (config.size === 0) return undefined;
    const kind = ['GZIP', 'XZ', 'ZSTD'].find(
      (name) => config.get(`MODULE_COMPRESS_${name}`) === 'y',
    );
    const inKernel = config.get('MODULE_DECOMPRESS') === 'y';
    const found = inKernel && kind !== undefined ? kind.toLowerCase() : 'none';
    this.#say('measured', `decompression in the kernel: ${found}`, 'kernel configuration');
    return found;
  }

  #machine(requests: readonly SeenRequest[]): unknown {
    const facts = this.#facts;
    const machine: Record<string, unknown> = {};
    if (facts.cpus !== undefined) {
      machine.cpus = Math.min(8192, facts.cpus.count);
      this.#say('measured', `${facts.cpus.count} CPUs`, facts.cpus.from);
    } else if (facts.highestCpu >= 0) {
      machine.cpus = facts.highestCpu + 1;
      this.#say(
        'derived',
        `${facts.highestCpu + 1} CPUs, from the highest number in the trace`,
        'trace',
      );
    } else {
      machine.cpus = 8;
      this.#say('assumed', '8 CPUs: no file tells', 'nothing');
    }
    const memory = facts.meminfo.get('MemTotal');
    if (memory !== undefined && memory >= 1024) {
      machine.memory_mb = Math.max(1, Math.round(memory / 1024));
      this.#say('measured', `${machine.memory_mb as number} MiB of memory`, 'MemTotal');
    }
    const space = facts.spaces.at(-1);
    this.#space(machine, space, requests);
    return machine;
  }

  #space(
    machine: Record<string, unknown>,
    space: SeenSpace | undefined,
    requests: readonly SeenRequest[],
  ): void {
    const facts = this.#facts;
    const bounds = vmallocBounds(facts, space);
    const wide = (bounds?.end ?? 0n) > 1n << 32n || space?.digits === 16;
    const preset = space === undefined ? undefined : presetOf(space);
    if (preset !== undefined && facts.vmallocWindow === undefined && facts.windows.size === 0) {
      machine.vmalloc = preset.name.replace(/@.*$/, '');
      this.#say('derived', `address space ${preset.name}, from addresses and callers`, space!.file);
    } else if (bounds === undefined) {
      this.#say(
        'assumed',
        'the default address space of the model: no file tells the window',
        'nothing',
      );
    } else if (wide) {
      machine.vmalloc = preset?.name.replace(/@.*$/, '') ?? 'x86-64';
      this.#say(
        preset === undefined ? 'assumed' : 'derived',
        `the address space ${machine.vmalloc as string}: areas of 64 bits`,
        bounds.from,
      );
      if (preset === undefined && space !== undefined) {
        this.#warnings.push(
          `${space.file}: the model has no address space of such addresses; the space begins empty (explain tells what the file says)`,
        );
        return;
      }
    } else {
      machine.vmalloc = {
        start: `0x${(bounds.start & ~0xfffn).toString(16)}`,
        end: `0x${((bounds.end + 0xfffn) & ~0xfffn).toString(16)}`,
      };
      const text = `window 0x${bounds.start.toString(16)} to 0x${bounds.end.toString(16)}`;
      this.#say(bounds.exact ? 'measured' : 'derived', text, bounds.from);
    }
    if (space === undefined) {
      if (requests.length > 0) {
        this.#say(
          'assumed',
          'an empty address space at the start: no vmallocinfo was given',
          'nothing',
        );
        this.#warnings.push(
          'without a vmallocinfo taken before the loads, addresses are those of an empty space',
        );
      }
      return;
    }
    this.#initial(machine, space, requests, bounds);
  }

  #initial(
    machine: Record<string, unknown>,
    space: SeenSpace,
    requests: readonly SeenRequest[],
    bounds: { readonly start: bigint; readonly end: bigint } | undefined,
  ): void {
    const from = `${space.file}, ${space.areas.length} areas`;
    const hidden = space.areas.filter(({ start }) => start === undefined).length;
    if (hidden > 0) {
      this.#warnings.push(
        `${space.file}: ${hidden} of ${space.areas.length} addresses are hidden; read it as root with kernel.kptr_restrict=0 or 1 (the space begins empty instead)`,
      );
      this.#say('assumed', 'an empty address space at the start: addresses are hidden', from);
      return;
    }
    const modules = moduleBounds(this.#facts, space);
    const later = requests.length > 0 && this.#isLater(space);
    let dropped = 0;
    const lines = space.text.filter((_, i) => {
      const area = space.areas[i]!;
      const within =
        bounds === undefined ||
        (area.start! >= bounds.start && area.end! <= bounds.end) ||
        (modules !== undefined && area.start! >= modules.start && area.end! <= modules.end);
      const own =
        later &&
        (isModuleMemory(area) || area.module !== undefined || area.kinds[0] === 'unpurged');
      if (!own && within) return true;
      dropped += 1;
      return false;
    });
    machine.initial = `${lines.join('\n')}\n`;
    if (later) {
      this.#say(
        'derived',
        "the areas at the start: those of the vmallocinfo that are no module's, since it was read after the loads",
        from,
      );
    } else this.#say('measured', 'the areas at the start', from);
    if (dropped > 0)
      this.#say(
        'derived',
        `${dropped} areas are left out (modules loaded later, or outside the window)`,
        from,
      );
  }

  /** Whether a vmallocinfo was read after the loads: it holds what they allocated. */
  #isLater(space: SeenSpace): boolean {
    const { allocs } = this.#facts;
    if (allocs.length === 0) return space.areas.some(isModuleMemory);
    const held = new Set(space.areas.map(({ start, size }) => `${start} ${size}`));
    return allocs.some(({ failed, start, size }) => !failed && held.has(`${start} ${size}`));
  }

  #path(name: string, path: string): string | undefined {
    const { modulesDir, fileOf } = this.#options;
    if (modulesDir === undefined) return `kernel/listed/${name}.ko`;
    const relative = /\/lib\/modules\/[^/]+\/(.+)$/.exec(path)?.[1];
    return fileOf?.(name) ?? relative;
  }

  /** The source of the modules; undefined when the files tell of nothing that could be run. */
  #modules(asked: readonly string[]): Readonly<Record<string, unknown>> | undefined {
    const { modulesDir } = this.#options;
    const { modules, aliases, spaces, requests } = this.#facts;
    if (modulesDir !== undefined) {
      this.#say('measured', `modules of ${modulesDir}`, '--modules');
      return { dir: modulesDir };
    }
    const sizes = new Map(
      [...modules.values()].map(({ name, size }) => [name.replaceAll('-', '_'), size]),
    );
    const needs = new Map<string, string[]>();
    for (const { name, users } of modules.values()) {
      for (const user of users) needs.set(user, [...(needs.get(user) ?? []), name]);
    }
    const names = new Set([...sizes.keys(), ...asked].filter((name) => /^[\w-]{1,63}$/.test(name)));
    if (names.size === 0) {
      if (spaces.length === 0 && aliases.size === 0 && requests.length === 0) return undefined;
      this.#say('assumed', "the bundled catalog 'boot': no file lists modules", 'nothing');
      return { catalog: 'boot' };
    }
    const listed = [...names].map((name) => ({
      name,
      size: Math.min(sizes.get(name) || MEDIAN_MODULE, LARGEST_MODULE),
      needs: needs.get(name) ?? [],
    }));
    const unknown = listed.filter(({ name }) => !sizes.has(name)).length;
    if (sizes.size > 0) {
      this.#say(
        'measured',
        `names, sizes and users of ${sizes.size} modules`,
        placeText([...modules.values()][0]!.place),
      );
      this.#say(
        'assumed',
        "their files: made after those sizes, divided into sections as Debian's are",
        'no --modules DIR',
      );
    }
    if (unknown > 0) {
      this.#say(
        'assumed',
        `${MEDIAN_MODULE} bytes for each of ${unknown} modules whose size no file tells`,
        'no --modules DIR',
      );
      this.#warnings.push(
        `the sizes of ${unknown} modules are not known; give /proc/modules or --modules DIR`,
      );
    }
    return { listed };
  }

  /** Without calls: the modules that were loaded, or the devices that were there. */
  #stepsWithoutCalls(modules: Readonly<Record<string, unknown>>): readonly unknown[] {
    const { aliases, modules: loaded, spaces } = this.#facts;
    if (loaded.size > 0 && !('catalog' in modules)) {
      const list = [...loaded.keys()].filter((name) => /^[\w-]{1,63}$/.test(name)).reverse();
      this.#say(
        'derived',
        `the order of ${list.length} loads: /proc/modules lists the latest first`,
        '/proc/modules',
      );
      this.#say('assumed', 'one load after the other, all successful', 'no trace');
      return list.map((name) =>
        'dir' in modules ? { modprobe: name } : { finit_module: `kernel/listed/${name}.ko` },
      );
    }
    if (aliases.size > 0) {
      this.#say('measured', `${aliases.size} modaliases`, 'devices');
      this.#say(
        'assumed',
        'one uevent for each, all at once, as udevadm trigger makes them',
        'no trace',
      );
      const list = [...aliases];
      const steps = [];
      for (let from = 0; from < list.length; from += 4096) {
        const part = list.slice(from, from + 4096).map((uevent) => ({ step: { uevent } }));
        steps.push({ parallel: part });
      }
      return steps;
    }
    if (spaces.length > 0)
      this.#say('assumed', 'no load: the vmallocinfo alone tells of none', 'nothing');
    return [{ read: '/proc/vmallocinfo' }];
  }

  #measured(calls: readonly unknown[]): unknown {
    const { stats, allocs } = this.#facts;
    return {
      calls,
      stats: Object.fromEntries([...stats].map(([label, { value }]) => [label, String(value)])),
      areas: allocs
        .filter(({ failed }) => !failed)
        .map(({ start, size }) => [`0x${start.toString(16)}`, size]),
    };
  }

  #dropped(): void {
    for (const [list, count] of this.#facts.dropped) {
      this.#warnings.push(`${count} ${list} beyond the limit were left out`);
    }
  }
}
