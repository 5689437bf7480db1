// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { KERNEL_PRESETS } from '../../../loader/presets/index.ts';
import { featuresOfConfig, parseKernelConfig } from '../../../loader/survey/index.ts';

const PRESET = KERNEL_PRESETS['v6.12'].features;

function features(text: string) {
  const parsed = parseKernelConfig(text);
  if (!parsed.ok) throw new Error(parsed.expected);
  return featuresOfConfig(parsed.config, PRESET);
}

const HEAD =
  '#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 6.12.117 Kernel Configuration\n#\n';

describe("a kernel's configuration", () => {
  it('tells the features that its symbols stand for', () => {
    const { features: found, assumed } = features(
      `${HEAD}CONFIG_64BIT=y\nCONFIG_X86=y\nCONFIG_X86_64=y\nCONFIG_SMP=y\nCONFIG_KALLSYMS=y\n` +
        'CONFIG_KALLSYMS_ALL=y\n# CONFIG_MODULE_DEBUG is not set\nCONFIG_MODULE_UNLOAD=y\n' +
        'CONFIG_MODULE_SIG=y\n# CONFIG_MODULE_SIG_FORCE is not set\nCONFIG_MODULE_DECOMPRESS=y\n' +
        'CONFIG_MODULE_COMPRESS_ZSTD=y\nCONFIG_STRICT_MODULE_RWX=y\n',
    );
    expect(found).toMatchObject({
      kallsyms: true,
      kallsyms_all: true,
      module_unload: true,
      module_force_load: false,
      module_sig: 'permissive',
      compression: 'zstd',
      strict_module_rwx: true,
      livepatch: false,
      smp: true,
      nx: true,
      stats: false,
      dups: 'off',
    });
    expect(assumed).toEqual([]);
  });

  it('switches statistics and duplicates on with their symbols', () => {
    expect(
      features(`${HEAD}CONFIG_MODULE_STATS=y\nCONFIG_MODULE_DEBUG_AUTOLOAD_DUPS=y\n`).features,
    ).toMatchObject({ stats: true, dups: 'refcounted' });
  });

  it('unpacks nothing in the kernel without MODULE_DECOMPRESS, however modules are installed', () => {
    expect(features('CONFIG_MODULE_COMPRESS_XZ=y\n').features.compression).toBe('none');
  });

  it('says nothing of what its kernel did not have yet', () => {
    const { features: found, assumed } = features(
      '# Linux/i386 6.1.176 Kernel Configuration\nCONFIG_X86=y\nCONFIG_SMP=y\n',
    );
    expect(assumed).toEqual(['stats', 'dups']);
    expect(found).not.toHaveProperty('stats');
    expect(found.nx).toBe(false);
  });

  it('takes CRLF, and is refused by line when a line is none', () => {
    expect(features('CONFIG_KALLSYMS_ALL=y\r\n').features.kallsyms_all).toBe(true);
    expect(parseKernelConfig('CONFIG_SMP=y\n<html>\n')).toEqual({
      ok: false,
      line: 2,
      expected: 'CONFIG_NAME=value or a comment',
      found: '<html>',
    });
    expect(parseKernelConfig('')).toMatchObject({ ok: false, line: 1 });
  });
});
