// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type ElfExport,
  type ElfKernel,
  extractModinfo,
  layoutBefore64,
  layoutModule,
  readElf,
} from '../../../loader/elf/index.ts';
import { DEBIAN_MODULES } from './module-folders.ts';
import { naiveLayout } from './naive-layout.ts';
import { HAVE_READELF, readelfSections, readelfSymbols, toolRuns } from './readelf.ts';
import { I386, mustRead } from './sample-modules.ts';

// Debian's i386 6.1 configuration; sizeof(struct module) there is 576.
const DEBIAN: ElfKernel = { ...I386, structModuleSize: 576, modversions: true };

const WANTED = 500;
const missing =
  DEBIAN_MODULES.length < WANTED
    ? ' (skipped: no Debian modules in .cache/debian/i386 or MODSTORM_DEBIAN_MODULES)'
    : '';
const noReadelf = HAVE_READELF ? '' : ' (skipped: no readelf)';

/** About `count` files, spread evenly over the whole list. */
function spread(files: readonly string[], count: number): string[] {
  const step = Math.max(1, Math.floor(files.length / count));
  return files.filter((_, i) => i % step === 0);
}

function* batches(files: readonly string[], size: number): Generator<string[]> {
  for (let i = 0; i < files.length; i += size) yield files.slice(i, i + size);
}

const load = (path: string) => mustRead(new Uint8Array(readFileSync(path)), DEBIAN);

describe.skipIf(missing)(`Debian's i386 modules${missing}`, () => {
  it.skipIf(noReadelf)(
    `have the sections that readelf -SW prints, on at least 500 files${noReadelf}`,
    () => {
      const files = spread(DEBIAN_MODULES, 1000);
      expect(files.length).toBeGreaterThanOrEqual(WANTED);
      for (const batch of batches(files, 100)) {
        readelfSections(batch).forEach((expected, i) => {
          const found = load(batch[i]!).sections.map(({ index, nameOffset, ...rest }) => rest);
          expect({ file: batch[i], sections: found }).toEqual({
            file: batch[i],
            sections: expected,
          });
        });
      }
    },
  );

  it.skipIf(noReadelf)(`have the symbols that readelf -sW prints${noReadelf}`, () => {
    for (const batch of batches(spread(DEBIAN_MODULES, 300), 50)) {
      readelfSymbols(batch).forEach((expected, i) => {
        const elf = load(batch[i]!);
        const symbols = elf.symbols();
        expect(symbols.count).toBe(expected.length);
        expected.forEach(({ value, size, ndx, name, type }, s) => {
          expect([symbols.value(s), symbols.size(s)]).toEqual([value, size]);
          if (/^\d+$/.test(ndx)) expect(symbols.shndx(s)).toBe(Number(ndx));
          // readelf prints the section's name for a section symbol.
          if (type !== 'SECTION') expect(symbols.name(s)).toBe(name);
        });
        const undefinedNames = expected.filter((s, n) => n > 0 && s.ndx === 'UND');
        expect(elf.undefinedSymbols()).toEqual(undefinedNames.map((s) => s.name));
      });
    }
  });

  it('all pass the checks of both kernels, without a hazard or an unknown relocation', () => {
    const early = { ...DEBIAN, sectionNameCheck: 'alloc' } as const;
    for (const path of DEBIAN_MODULES) {
      const bytes = new Uint8Array(readFileSync(path));
      expect([path, readElf(bytes, early, 0).ok]).toEqual([path, true]);
      const elf = mustRead(bytes, DEBIAN);
      const stem = basename(path, '.ko').replaceAll('-', '_');
      expect([elf.name.replaceAll('-', '_'), elf.infoName]).toEqual([stem, elf.name]);
      expect(elf.hazards.length + elf.relocationHazards().length).toBe(0);
      expect([path, elf.unknownRelocation()]).toEqual([path, undefined]);
      expect([path, elf.symbolCases().filter((c) => c.kind !== 'undefined')]).toEqual([path, []]);
    }
  });

  it('have layouts that hold every allocated byte and little more', () => {
    for (const path of DEBIAN_MODULES) {
      const elf = load(path);
      const layout = layoutModule(elf, { ...DEBIAN, kallsyms: false });
      const left = new Set([elf.index.vers, elf.index.info, elf.index.pcpu]);
      let bytes = 0;
      let slack = 0;
      for (const s of elf.sections) {
        if ((s.flags & 2) === 0 || left.has(s.index)) continue;
        bytes += s.size;
        slack += Math.max(s.addralign, 1) - 1;
      }
      const raw = layout.types.reduce((sum, t) => sum + t.raw, 0);
      expect(raw).toBeGreaterThanOrEqual(bytes);
      expect(raw).toBeLessThanOrEqual(bytes + slack);
      expect(layout.hazards).toEqual([]);
    }
  });

  it('have the layout of the slow rules, on at least 500 files', () => {
    const files = spread(DEBIAN_MODULES, 700);
    expect(files.length).toBeGreaterThanOrEqual(WANTED);
    for (const path of files) {
      const elf = load(path);
      const naive = naiveLayout(elf, DEBIAN);
      for (const { type, raw } of layoutModule(elf, DEBIAN).types) {
        expect([path, type, BigInt(raw)]).toEqual([path, type, naive[type] ?? 0n]);
      }
    }
  });

  it('take as much or more in two areas as in seven, for kallsyms begins on a new page', () => {
    for (const path of spread(DEBIAN_MODULES, 700)) {
      const elf = load(path);
      const { core, init } = layoutBefore64(elf, DEBIAN);
      const layout = layoutModule(elf, DEBIAN);
      expect([core.size % 4096, init.size % 4096]).toEqual([0, 0]);
      expect(core.size - layout.core).toBeGreaterThanOrEqual(0);
      expect(core.size - layout.core).toBeLessThanOrEqual(4096);
      const noSymbols = { ...DEBIAN, kallsyms: false };
      const plain = layoutBefore64(elf, noSymbols);
      const seven = layoutModule(elf, noSymbols);
      expect([plain.core.size, plain.init.size]).toEqual([seven.core, seven.init]);
    }
  });

  it('export what others import, under the checksums others expect', () => {
    const exported = new Map<string, ElfExport>();
    const elfs = DEBIAN_MODULES.map(load);
    for (const elf of elfs) for (const e of elf.exports()) exported.set(e.name, e);
    expect(exported.size).toBeGreaterThan(10_000);
    let imports = 0;
    for (const elf of elfs) {
      const undefinedNames = new Set(elf.undefinedSymbols());
      const namespaces = new Set(elf.importNs);
      for (const { name, crc } of elf.versions()) {
        const e = exported.get(name);
        if (!e) continue;
        imports += 1;
        expect([elf.name, name, crc]).toEqual([elf.name, name, e.crc]);
        expect(undefinedNames.has(name)).toBe(true);
        if (e.namespace !== '') expect([...namespaces]).toContain(e.namespace);
      }
      for (const { name } of elf.exports()) expect(undefinedNames.has(name)).toBe(false);
    }
    expect(imports).toBeGreaterThan(10_000);
  });

  it.skipIf(noReadelf)(`export the names their checksum symbols carry${noReadelf}`, () => {
    let compared = 0;
    const files = DEBIAN_MODULES.filter((path) => load(path).exports().length > 0);
    for (const batch of batches(spread(files, 200), 50)) {
      readelfSymbols(batch).forEach((symbols, i) => {
        const elf = load(batch[i]!);
        for (const gpl of [false, true]) {
          const table = elf.findSec(gpl ? '__kcrctab_gpl' : '__kcrctab');
          const marks = symbols
            .filter((s) => s.name.startsWith('__crc_') && Number(s.ndx) === table?.index)
            .sort((a, b) => a.value - b.value)
            .map((s) => s.name.slice('__crc_'.length));
          const names = elf.exports().filter((e) => e.gpl === gpl);
          if (!table || marks.length === 0) continue;
          expect(names.map((e) => e.name)).toEqual(marks);
          compared += 1;
        }
      });
    }
    expect(compared).toBeGreaterThan(100);
  });

  const noModinfo = toolRuns('modinfo') ? '' : ' (skipped: no modinfo of kmod)';
  it.skipIf(noModinfo)(`have the modinfo that kmod's modinfo prints${noModinfo}`, () => {
    for (const path of spread(DEBIAN_MODULES, 150)) {
      const print = spawnSync('modinfo', ['-0', path], { encoding: 'latin1' }).stdout;
      const theirs = print
        .split('\0')
        .filter((entry) => entry.includes('=') && !/^(filename=|parm: )/.test(entry))
        .filter((entry) => !/^(sig_id|signer|sig_key|sig_hashalgo|signature)=/.test(entry))
        .map((entry) => {
          const eq = entry.indexOf('=');
          return [entry.slice(0, eq), entry.slice(eq + 1)];
        });
      const elf = load(path);
      // It prints parameters apart, joined with their types.
      const ours = elf.modinfo.filter(([tag]) => tag !== 'parm' && tag !== 'parmtype');
      expect(theirs).toEqual(ours);
      expect(extractModinfo(elf.bytes)?.modinfo).toEqual(elf.modinfo);
    }
  });

  it('have a setter for every parameter, and a parameter entry for every parmtype', () => {
    let resolved = 0;
    for (const path of DEBIAN_MODULES) {
      const elf = load(path);
      const entries = elf.paramEntries();
      const names = entries.map((p) => p.name.slice(p.name.indexOf('.') + 1)).sort();
      for (const { name } of elf.params)
        expect([path, names]).toEqual([path, expect.arrayContaining([name])]);
      for (const p of entries) {
        expect(p.name).not.toBe('');
        if (p.set !== undefined) resolved += 1;
        if (p.ops === 'param_array_ops') expect(p.array?.max).toBeGreaterThan(0);
      }
    }
    expect(resolved).toBeGreaterThan(5000);
  });

  it('include dummy, known to the last parameter', () => {
    const path = DEBIAN_MODULES.find((p) => p.endsWith(join('net', 'dummy.ko')))!;
    const elf = load(path);
    expect(elf.paramEntries()).toEqual([
      {
        name: 'numdummies',
        ops: 'param_ops_int',
        set: 'param_set_int',
        get: 'param_get_int',
        arg: { section: expect.any(Number), value: expect.any(Number) },
        noarg: false,
        perm: 0,
        level: -1,
        flags: 0,
        array: undefined,
        string: undefined,
      },
    ]);
    expect([elf.hasInit, elf.hasExit, elf.hasObsparm, elf.hasCtors]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(elf.vermagic).toMatch(/^6\.1\.0-\d+-686 SMP preempt mod_unload modversions GEODE $/);
  });
});
