// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATALOG_NAMES, openCatalog } from '../../../loader/catalog/catalog.ts';
import {
  type ElfKernel,
  layoutModule,
  type ModuleElf,
  readElf,
} from '../../../loader/elf/index.ts';
import type { ModuleSource } from '../../../loader/module/module-source.ts';
import { collectResult } from '../../../loader/scenario/collect-result.ts';
import { prepareRun } from '../../../loader/scenario/prepare.ts';
import { scenarioSchema } from '../../../loader/scenario/schema.ts';
import { driveSession, driveSteps } from '../../../loader/session/drive-session.ts';
import { Session } from '../../../loader/session/session.ts';
import { inferIdentity } from '../../../loader/survey/kernel-identity.ts';

const KERNEL: ElfKernel = {
  arch: 'i386',
  wordBits: 32,
  structModuleSize: 640,
  modversions: true,
  kallsyms: true,
  kallsymsAll: false,
  moduleUnload: true,
  smp: true,
  livepatch: false,
  strictModuleRwx: true,
  sectionNameCheck: 'all',
};

function open(name: string, options?: { count?: number; seed?: number }): ModuleSource {
  const source = openCatalog(name, options);
  if (!source) throw new Error(`no catalog ${name}`);
  return source;
}

function parse(bytes: Uint8Array): ModuleElf {
  const read = readElf(bytes, KERNEL, 0);
  if (!read.ok) throw new Error(read.message?.text ?? `errno ${read.errno}`);
  return read.elf;
}

/** Paths needed by each path, as modules.dep has them. */
function dependencies(source: ModuleSource): Map<string, string[]> {
  const lines = source.metadata.dep!.trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const [path, needed] = line.split(':') as [string, string];
      return [path, needed.split(' ').filter((word) => word !== '')];
    }),
  );
}

/** All paths, needed ones first. */
function loadOrder(source: ModuleSource): string[] {
  const order = new Set<string>();
  for (const [path, needed] of dependencies(source)) {
    for (const one of [...needed].reverse()) order.add(one);
    order.add(path);
  }
  return [...order];
}

/** Loads all modules one after the other; what the calls returned, and the kernel's log. */
function loadAll(source: ModuleSource, paths: readonly string[]) {
  const scenario = scenarioSchema.parse({
    version: 1,
    name: 'all',
    machine: { cpus: 1, vmalloc: { mib: 900 } },
    modules: source.name,
    steps: paths.map((path) => ({ finit_module: path })),
  });
  const run = prepareRun(scenario, { source });
  driveSession(new Session(run.kernel, run.program, run.observer));
  const calls = run.observer.results.filter(({ op }) => op === 'finit_module');
  return { rets: calls.map(({ ret }) => ret), log: calls.flatMap(({ log }) => log) };
}

const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
};
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe('bundled catalogs', () => {
  it('are these five, and nothing else', () => {
    expect([...CATALOG_NAMES].sort()).toEqual([
      'boot',
      'distro',
      'kmod-selftest',
      'published',
      'published-server',
    ]);
    expect(openCatalog('toString')).toBeUndefined();
    expect(openCatalog('Boot')).toBeUndefined();
  });

  for (const name of ['boot', 'distro']) {
    it(`${name}: lists files by path and gives as many bytes as it announced`, () => {
      const source = open(name, { count: 60 });
      const paths = source.files.map(({ path }) => path);
      expect(paths).toEqual([...paths].sort());
      expect(new Set(paths).size).toBe(paths.length);
      for (const file of source.files) expect(file.read().length, file.path).toBe(file.size);
    });

    it(`${name}: gives the same bytes however often and in whatever order it is read`, () => {
      const first = open(name, { count: 40 });
      const second = open(name, { count: 40 });
      const backwards = [...second.files].reverse().map((file) => file.read());
      first.files.forEach((file, i) => {
        const bytes = Buffer.from(file.read());
        expect(bytes.equals(backwards[first.files.length - 1 - i]!), file.path).toBe(true);
        expect(bytes.equals(file.read()), file.path).toBe(true);
      });
      expect(first.metadata.dep).toBe(second.metadata.dep);
      expect(first.metadata.alias).toBe(second.metadata.alias);
    });

    it(`${name}: modinfo, exports and imports agree with the depmod texts`, () => {
      const source = open(name, { count: 80 });
      const needed = dependencies(source);
      const owners = new Map<string, string>();
      const names = new Map<string, string>();
      const elves = new Map(source.files.map((file) => [file.path, parse(file.read())]));
      for (const [path, elf] of elves) {
        names.set(path, elf.name);
        for (const { name: symbol } of elf.exports()) {
          expect(owners.has(symbol), `${symbol} is exported twice`).toBe(false);
          owners.set(symbol, elf.name);
        }
      }
      const symbols = [...owners].map(([symbol, owner]) => `alias symbol:${symbol} ${owner}`);
      expect(source.metadata.symbols!.trimEnd().split('\n').sort()).toEqual(symbols.sort());
      const aliases: string[] = [];
      for (const [path, elf] of elves) {
        const uses = new Set(elf.undefinedSymbols().map((symbol) => owners.get(symbol)));
        uses.delete(undefined);
        expect([...uses].sort(), path).toEqual([...elf.depends].sort());
        const closure = needed.get(path)!.map((one) => names.get(one));
        for (const one of elf.depends) expect(closure).toContain(one);
        for (const alias of elf.modinfoAll('alias')) aliases.push(`alias ${alias} ${elf.name}`);
      }
      expect(source.metadata.alias!.trimEnd().split('\n').sort()).toEqual(aliases.sort());
    });

    it(`${name}: what it says of its kernel is what its modules say`, () => {
      const source = open(name, { count: 80 });
      const { identity: told } = inferIdentity(source);
      const { name: n, release, files, metadata } = source;
      const { identity: seen, report } = inferIdentity({
        name: n,
        release,
        files,
        metadata: metadata.dep === undefined ? {} : { dep: metadata.dep },
      });
      expect(report.modules_read).toBe(files.length);
      expect(report.vermagic.votes).toBe(files.length);
      expect(seen.vermagic).toBe(told.vermagic);
      expect(seen.structModuleSize).toBe(told.structModuleSize);
      expect(seen.modversions).toBe(true);
      for (const file of files) {
        for (const symbol of parse(file.read()).undefinedSymbols()) {
          expect(told.exports.has(symbol), symbol).toBe(seen.exports.has(symbol));
          expect(told.exports.crc(symbol), symbol).toBe(seen.exports.crc(symbol));
        }
      }
    });

    it(`${name}: every module loads in the model, none with a warning`, () => {
      const source = open(name, { count: 70, seed: 5 });
      const { rets, log } = loadAll(source, loadOrder(source));
      expect(rets).toHaveLength(source.files.length);
      expect(rets.filter((ret) => ret !== 0)).toEqual([]);
      expect(log).toEqual([]);
    });
  }

  it('distro: modules loaded before what they need are refused for an unknown symbol', () => {
    const source = open('distro', { count: 70, seed: 5 });
    const { rets, log } = loadAll(source, [...loadOrder(source)].reverse());
    expect(rets.some((ret) => ret === -2)).toBe(true);
    expect(log.join('\n')).toMatch(/Unknown symbol \w+ \(err -2\)/);
  });
});

describe('the boot catalog', () => {
  it('has the modules of a server boot by their real names', () => {
    const names = open('boot').files.map((file) => parse(file.read()).name);
    expect(names.length).toBeGreaterThanOrEqual(60);
    for (const name of ['kvm', 'kvm_intel', 'irqbypass', 'aesni_intel', 'crypto_simd', 'cryptd']) {
      expect(names).toContain(name);
    }
    for (const name of ['nvme', 'nvme_core', 'virtio_ring', 'virtio_pci', 'xfs', 'ext4', 'btrfs']) {
      expect(names).toContain(name);
    }
  });

  it('links them as a real kernel does', () => {
    const needed = dependencies(open('boot'));
    const of = (path: string): string[] =>
      needed.get(`kernel/${path}.ko`)!.map((one) => one.replace(/.*\/|\.ko$/g, ''));
    expect(of('arch/x86/kvm/kvm-intel')).toEqual(['kvm', 'irqbypass']);
    expect(of('arch/x86/crypto/aesni-intel')).toEqual(['crypto_simd', 'cryptd']);
    expect(of('fs/xfs/xfs')).toEqual(['libcrc32c']);
    expect(of('virt/lib/irqbypass')).toEqual([]);
  });

  it('can be asked for by device', () => {
    const alias = open('boot').metadata.alias!;
    expect(alias).toContain('alias pci:v*d*sv*sd*bc01sc08i02* nvme\n');
    expect(alias).toContain('alias fs-xfs xfs\n');
    expect(open('boot').metadata.softdep).toContain('softdep ext4 pre: crypto-crc32c\n');
  });
});

describe('the distro catalog', () => {
  it('has any number of modules, each of its size and taken by the kernel', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.nat(0xffff_ffff), (count, seed) => {
        const source = open('distro', { count, seed });
        expect(source.files).toHaveLength(count);
        for (const file of source.files) {
          const bytes = file.read();
          expect(bytes.length, file.path).toBe(file.size);
          parse(bytes);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('differs from seed to seed', () => {
    const a = open('distro', { count: 50, seed: 1 });
    const b = open('distro', { count: 50, seed: 2 });
    expect(a.metadata.dep).not.toBe(b.metadata.dep);
    expect(Buffer.from(a.files[0]!.read()).equals(b.files[0]!.read())).toBe(false);
  });

  // Figures of Debian 12's linux-image-6.1.0-50-686: 4,135 modules.
  it('has the sizes of a real distribution, within 8 % (the mean of 43,153 included)', () => {
    const sizes = open('distro').files.map(({ size }) => size);
    expect(sizes).toHaveLength(4135);
    for (const [share, size] of [
      [0.5, 15_189],
      [0.9, 71_293],
      [0.99, 433_913],
    ] as const) {
      expect(Math.abs(quantile(sizes, share) / size - 1), `quantile ${share}`).toBeLessThan(0.08);
    }
    expect(Math.abs(mean(sizes) / 43_153 - 1)).toBeLessThan(0.08);
    expect(Math.abs(Math.max(...sizes) / 9_028_025 - 1)).toBeLessThan(0.08);
  });

  it('has the dependencies of a real distribution: 2.56 in the mean, 25 at most', () => {
    for (const seed of [1, 2, 3]) {
      const counts = [...dependencies(open('distro', { seed })).values()].map(
        ({ length }) => length,
      );
      expect(Math.abs(mean(counts) / 2.56 - 1)).toBeLessThan(0.15);
      expect(Math.max(...counts)).toBeLessThanOrEqual(25);
      expect(Math.max(...counts)).toBeGreaterThanOrEqual(18);
      const none = counts.filter((count) => count === 0).length;
      expect(Math.abs(none / 1092 - 1)).toBeLessThan(0.05);
    }
  });

  it('has the make-up of real modules: memory per file byte, init sections, symbols, aliases', () => {
    const source = open('distro', { count: 600, seed: 3 });
    const shares: number[] = [];
    let allocated = 0;
    let withInit = 0;
    let symbols = 0;
    for (const file of source.files) {
      const elf = parse(file.read());
      // The figures leave out what is not kept in memory: .modinfo and __versions.
      const alloc = elf.sections
        .filter(({ flags, name }) => (flags & 2) !== 0 && !/^(\.modinfo|__versions)$/.test(name))
        .reduce((sum, { size }) => sum + size, 0);
      shares.push(alloc / file.size);
      allocated += alloc;
      if (elf.findSec('.init.text')) withInit += 1;
      symbols += elf.symbols().count;
      expect(layoutModule(elf, KERNEL).hazards).toEqual([]);
    }
    const bytes = source.files.reduce((sum, { size }) => sum + size, 0);
    expect(quantile(shares, 0.5)).toBeGreaterThan(0.33);
    expect(quantile(shares, 0.5)).toBeLessThan(0.42);
    expect(allocated / bytes).toBeGreaterThan(0.5);
    expect(allocated / bytes).toBeLessThan(0.62);
    expect(Math.abs(withInit / 600 / (3664 / 4135) - 1)).toBeLessThan(0.05);
    expect(Math.abs(symbols / 600 / 195 - 1)).toBeLessThan(0.2);
    const aliases = open('distro').metadata.alias!.trimEnd().split('\n').length;
    expect(Math.abs(aliases / 26_665 - 1)).toBeLessThan(0.15);
  });
});

describe('a catalog for x86-64', () => {
  it('has the files of the i386 one, each of its size and ELF64', () => {
    for (const name of ['boot', 'kmod-selftest', 'distro']) {
      const wide = openCatalog(name, { count: 50, arch: 'x86-64' })!;
      const narrow = openCatalog(name, { count: 50 })!;
      expect(wide.files.map(({ path }) => path)).toEqual(narrow.files.map(({ path }) => path));
      expect(wide.metadata.dep).toBe(narrow.metadata.dep);
      expect(wide.identity!.arch).toBe('x86_64');
      for (const [i, file] of wide.files.entries()) {
        const bytes = file.read();
        expect(bytes.length).toBe(file.size);
        // EI_CLASS and e_machine: ELFCLASS64, EM_X86_64; of the other ELFCLASS32, EM_386.
        expect([bytes[4], bytes[18]]).toEqual([2, 62]);
        const other = narrow.files[i]!.read();
        expect([other[4], other[18]]).toEqual([1, 3]);
      }
    }
  });

  it('is loaded whole by an x86-64 machine, which refuses the i386 one', () => {
    const asked = scenarioSchema.parse({
      version: 1,
      name: 'wide',
      machine: { cpus: 2, vmalloc: 'x86-64' },
      modules: 'boot',
      storm: { generators: [{ per: 'cpu', op: 'finit_module', modules: 'all' }] },
    });
    const loaded = (arch: 'x86-64' | 'i386') => {
      const run = prepareRun(asked, { source: openCatalog('boot', { arch })! });
      const session = new Session(run.kernel, run.program, run.observer);
      for (const steps = driveSteps(session); !steps.next().done; );
      return { modules: collectResult(run).counters_true.modcount, warnings: run.warnings() };
    };
    expect(loaded('x86-64')).toEqual({ modules: 71, warnings: [] });
    const narrow = loaded('i386');
    expect(narrow.modules).toBe(0);
    expect(narrow.warnings[0]).toMatch(/modules for i386, on a machine that is x86-64/);
  });

  it('makes its largest modules too, with more than ten thousand local symbols', () => {
    for (const count of [3700, 3701]) {
      const source = openCatalog('distro', { count, seed: 1 })!;
      const [largest] = [...source.files].sort((a, b) => b.size - a.size);
      expect(largest!.size).toBeGreaterThan(6_000_000);
      expect(largest!.read().length).toBe(largest!.size);
    }
  });
});
