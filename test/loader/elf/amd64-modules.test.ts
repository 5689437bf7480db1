// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ElfKernel, extractModinfo, layoutModule } from '../../../loader/elf/index.ts';
import { AMD64_MODULES } from './module-folders.ts';
import { naiveLayout } from './naive-layout.ts';
import { HAVE_READELF, readelfSections, readelfSymbols, toolRuns } from './readelf.ts';
import { mustRead, X86_64 } from './sample-modules.ts';

const COUNT = 120;
const missing =
  AMD64_MODULES.length < COUNT
    ? ' (skipped: no Debian modules in .cache/debian/amd64 or MODSTORM_DEBIAN_AMD64_MODULES)'
    : !HAVE_READELF || !toolRuns('xz')
      ? ' (skipped: no readelf or no xz)'
      : '';

describe.skipIf(missing)(`Debian's amd64 modules${missing}`, () => {
  let folder = '';
  let files: string[] = [];
  let kernel: ElfKernel = X86_64;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'modstorm-amd64-'));
    const step = Math.floor(AMD64_MODULES.length / COUNT);
    files = AMD64_MODULES.filter((_, i) => i % step === 0).map((path, i) => {
      if (path.endsWith('.ko')) return path;
      const plain = join(folder, `${i}-${basename(path, '.xz')}`);
      const { stdout } = spawnSync('xz', ['-dc', path], { maxBuffer: 1 << 28 });
      writeFileSync(plain, stdout);
      return plain;
    });
    // All of one build: the first file tells the size of its kernel's struct module.
    const facts = extractModinfo(new Uint8Array(readFileSync(files[0]!)));
    kernel = { ...X86_64, structModuleSize: facts?.structModuleSize, kallsymsAll: true };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const load = (path: string) => mustRead(new Uint8Array(readFileSync(path)), kernel);

  it('have the sections and symbols that readelf prints', () => {
    readelfSections(files).forEach((expected, i) => {
      const found = load(files[i]!).sections.map(({ index, nameOffset, ...rest }) => rest);
      expect({ file: files[i], sections: found }).toEqual({ file: files[i], sections: expected });
    });
    readelfSymbols(files).forEach((expected, i) => {
      const undefinedNames = expected.filter((s, n) => n > 0 && s.ndx === 'UND');
      expect(load(files[i]!).undefinedSymbols()).toEqual(undefinedNames.map((s) => s.name));
    });
  });

  it('have the layout of the slow rules, and no hazard', () => {
    for (const path of files) {
      const elf = load(path);
      const naive = naiveLayout(elf, kernel);
      const layout = layoutModule(elf, kernel);
      for (const { type, raw } of layout.types) {
        expect([path, type, BigInt(raw)]).toEqual([path, type, naive[type] ?? 0n]);
      }
      expect([...elf.hazards, ...elf.relocationHazards(), ...layout.hazards]).toEqual([]);
      expect(elf.unknownRelocation()).toBeUndefined();
    }
  });

  it('export symbols found through relative entries, under the checksums others expect', () => {
    const crcs = new Map<string, number | undefined>();
    for (const path of files) for (const e of load(path).exports()) crcs.set(e.name, e.crc);
    expect(crcs.size).toBeGreaterThan(50);
    for (const path of files) {
      for (const { name, crc } of load(path).versions()) {
        if (crcs.has(name)) expect([name, crc]).toEqual([name, crcs.get(name)]);
      }
    }
  });
});
