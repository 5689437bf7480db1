import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeXz } from '../../../loader/decompress/index.ts';
import { type ModuleSpec, writeModule } from '../../../loader/elf/index.ts';
import type { ModuleMetadata, ModuleSource } from '../../../loader/module/module-source.ts';
import { identitySteps, inferIdentity } from '../../../loader/survey/kernel-identity.ts';
import { exportsFromNames } from '../../../loader/survey/module-symvers.ts';
import { openModuleDirectory } from '../../../scripts/cli/module-directory.ts';
import { compress, haveTool } from '../decompress/tools.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const DEBIAN = process.env.MODSTORM_DEBIAN_MODULES ?? join(ROOT, '.cache/debian/i386');
/** Module.symvers of the matching linux-headers package. */
const SYMVERS = process.env.MODSTORM_DEBIAN_SYMVERS ?? join(DEBIAN, 'Module.symvers');

const MAGIC = '6.12.1 SMP mod_unload modversions 686 ';

function source(
  modules: Record<string, Partial<ModuleSpec> | Uint8Array>,
  metadata: ModuleMetadata = {},
  release?: string,
): ModuleSource {
  const files = Object.entries(modules).map(([path, given]) => {
    const bytes =
      given instanceof Uint8Array
        ? given
        : writeModule({
            name: path.replace(/\..*$/, ''),
            structModuleSize: 640,
            vermagic: MAGIC,
            ...given,
          });
    return { path, size: bytes.length, read: () => bytes };
  });
  return { name: 'test', release, files, metadata };
}

describe('inferring the kernel from its modules', () => {
  it.skipIf(!haveTool('xz'))(
    'reads what only user space can unpack: xz with its default check',
    () => {
      const plain = writeModule({ name: 'one', structModuleSize: 640, vermagic: MAGIC });
      const packed = compress('xz', ['--check=crc64'], plain)!;
      // The kernel's own decoder knows no such check (lib/xz, status 6).
      expect(decodeXz(packed).ok).toBe(false);
      const { identity, report } = inferIdentity(source({ 'one.ko.xz': packed }));
      expect(identity).toMatchObject({ vermagic: MAGIC, structModuleSize: 640 });
      expect(report.files_unreadable).toBe(0);
    },
  );

  it('takes the commonest vermagic and struct module size', () => {
    const { identity, report, arch } = inferIdentity(
      source({
        'a.ko': {},
        'b.ko': {},
        'c.ko': { vermagic: '5.10 mod_unload ', structModuleSize: 448 },
      }),
    );
    expect(identity.vermagic).toBe(MAGIC);
    expect(identity.structModuleSize).toBe(640);
    expect(identity.release).toBe('6.12.1');
    expect(identity.modversions).toBe(true);
    expect(arch).toBe('i386');
    expect(report).toMatchObject({
      vermagic: { from: 'modules', votes: 2 },
      struct_module_size: { value: 640, from: 'modules', votes: 2 },
      release: { from: 'vermagic' },
      modules_read: 3,
      files_unreadable: 0,
    });
  });

  it('calls every symbol the kernel’s that no module exports', () => {
    const { identity } = inferIdentity(
      source({
        'lib.ko': { exports: [{ name: 'lib_open' }, { name: 'lib_close', gpl: true }] },
        'user.ko': { undefinedSymbols: ['lib_open', '_printk'] },
      }),
    );
    const { exports } = identity;
    expect(['lib_open', 'lib_close', '_printk'].map((name) => exports.has(name))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('gives a kernel symbol the checksum most modules expect, and a module’s symbol none', () => {
    const version = (name: string, crc: number) => ({ versions: [{ name, crc }] });
    const { identity } = inferIdentity(
      source({
        'a.ko': version('kfree', 1),
        'b.ko': version('kfree', 2),
        'c.ko': version('kfree', 2),
        'd.ko': { exports: [{ name: 'd_sym', crc: 9 }] },
        'e.ko': version('d_sym', 9),
      }),
    );
    expect(identity.exports.crc('kfree')).toBe(2);
    expect(identity.exports.crc('d_sym')).toBeUndefined();
    expect(identity.exports.crc('never_used')).toBeUndefined();
  });

  it('prefers what is given, then the name of the directory, and says where each comes from', () => {
    const modules = source({ 'a.ko': {} }, {}, '6.12.1-686');
    expect(inferIdentity(modules).identity.release).toBe('6.12.1-686');
    const { identity, report } = inferIdentity(modules, {
      release: '6.9',
      vermagic: '6.9 SMP ',
      structModuleSize: 512,
      exports: exportsFromNames(['kfree']),
      blacklist: ['floppy'],
    });
    expect(identity).toMatchObject({
      release: '6.9',
      vermagic: '6.9 SMP ',
      structModuleSize: 512,
      modversions: false,
      blacklist: ['floppy'],
    });
    expect(identity.exports.has('vfree')).toBe(false);
    expect(report.vermagic).toEqual({ value: '6.9 SMP ', from: 'given', votes: 0 });
    expect(report.exports.from).toBe('given');
  });

  it('passes over files that are no modules and counts them', () => {
    const bytes = writeModule({ name: 'cut', structModuleSize: 640, vermagic: MAGIC });
    const { identity, report } = inferIdentity(
      source({
        'a.ko': {},
        'empty.ko': new Uint8Array(0),
        'text.ko': new TextEncoder().encode('#!/bin/sh\n'),
        'cut.ko': bytes.slice(0, 700),
        'bad.ko.xz': new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2, 3]),
      }),
    );
    expect(identity.vermagic).toBe(MAGIC);
    expect(report.modules_read).toBe(1);
    expect(report.files_unreadable).toBe(4);
  });

  it('does not read a file that no kernel would read', () => {
    const small = source({ 'a.ko': {} });
    const huge = {
      path: 'huge.ko',
      size: 2 ** 31,
      read: (): Uint8Array => {
        throw new Error('it was read');
      },
    };
    const { report } = inferIdentity({ ...small, files: [...small.files, huge] });
    expect(report).toMatchObject({ modules_read: 1, files_unreadable: 1, files_total: 2 });
  });

  it('has nothing to say of a source without modules, and says so', () => {
    const { identity, report, arch } = inferIdentity(source({ 'a.ko': new Uint8Array(10) }));
    expect(identity.vermagic).toBe('');
    expect(identity.structModuleSize).toBeUndefined();
    expect(arch).toBeUndefined();
    expect(report.vermagic.from).toBe('none');
    expect(report.struct_module_size).toEqual({ value: null, from: 'none', votes: 0 });
  });

  it('takes exports from modules.symbols where there is one', () => {
    const symbols = '# Aliases for symbols\nalias symbol:lib_open lib\nalias symbol:other more\n';
    const { identity, report } = inferIdentity(source({ 'a.ko': {} }, { symbols }));
    expect(identity.exports.has('lib_open')).toBe(false);
    expect(identity.exports.has('kfree')).toBe(true);
    expect(report.exports).toEqual({ from: 'modules.symbols', module_symbols: 2 });
  });

  it('reports each file as it goes', () => {
    const seen: string[] = [];
    inferIdentity(source({ 'a.ko': {}, 'b.ko': {} }), {}, ({ done, total }) =>
      seen.push(`${done}/${total}`),
    );
    expect(seen).toEqual(['1/2', '2/2']);
    expect([...identitySteps(source({ 'a.ko': {} }))]).toEqual([{ done: 1, total: 1 }]);
  });

  it.skipIf(!existsSync(DEBIAN))(
    'finds the same exports in Debian’s modules as depmod does (needs npm run modules:debian)',
    () => {
      const directory = openModuleDirectory(DEBIAN);
      const { metadata, ...rest } = directory;
      const scanned = inferIdentity({ ...rest, metadata: {} });
      expect(scanned.report.files_unreadable).toBe(0);
      expect(scanned.report.vermagic.votes).toBe(directory.files.length);
      expect(scanned.identity.structModuleSize).toBe(576);
      const names = (metadata.symbols ?? '').match(/(?<=^alias symbol:)\S+/gm) ?? [];
      expect(names.length).toBeGreaterThan(10_000);
      expect(scanned.report.exports.module_symbols).toBe(new Set(names).size);
      expect(names.filter((name) => scanned.identity.exports.has(name))).toEqual([]);
    },
  );

  it.skipIf(!existsSync(DEBIAN) || !existsSync(SYMVERS))(
    'infers no checksum that Debian’s own Module.symvers contradicts (needs modules:debian -- --symvers)',
    () => {
      const { exports } = inferIdentity(openModuleDirectory(DEBIAN)).identity;
      let compared = 0;
      for (const line of readFileSync(SYMVERS, 'utf8').split('\n')) {
        const [crc, name, owner] = line.split('\t');
        if (name === undefined) continue;
        expect(exports.has(name), name).toBe(owner === 'vmlinux');
        const inferred = exports.crc(name);
        if (inferred === undefined) continue;
        compared += 1;
        expect(inferred, name).toBe(Number(crc));
      }
      expect(compared).toBeGreaterThan(5000);
    },
  );
});
