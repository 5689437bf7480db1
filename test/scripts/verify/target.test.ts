// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { featuresOfConfig, openTarget } from '../../../scripts/verify/target.ts';

describe('features of a kernel’s configuration', () => {
  it('are those of its lines, and what is not named is off', () => {
    expect(
      featuresOfConfig(
        [
          'CONFIG_X86_64=y',
          'CONFIG_SMP=y',
          'CONFIG_KALLSYMS=y',
          'CONFIG_KALLSYMS_ALL=y',
          '# CONFIG_MODULE_UNLOAD is not set',
          'CONFIG_MODULE_SIG=y',
          'CONFIG_MODULE_COMPRESS_XZ=y',
          'CONFIG_MODULE_DECOMPRESS=y',
          'CONFIG_LIVEPATCH=y',
        ].join('\n'),
      ),
    ).toMatchObject({
      smp: true,
      nx: true,
      kallsyms: true,
      kallsyms_all: true,
      module_unload: false,
      module_sig: 'permissive',
      compression: 'xz',
      livepatch: true,
      stats: false,
      dups: 'off',
    });
  });

  it('have no decompression where only user space decompresses', () => {
    expect(featuresOfConfig('CONFIG_MODULE_COMPRESS_XZ=y\n').compression).toBe('none');
    expect(featuresOfConfig('CONFIG_MODULE_SIG=y\nCONFIG_MODULE_SIG_FORCE=y\n').module_sig).toBe(
      'enforce',
    );
  });
});

describe('opening a target', () => {
  it('refuses a kernel that cannot be run, and a bzImage that is not there, by name', () => {
    expect(() => openTarget({ kernel: 'v6.3' }, 'verify')).toThrow(
      /--kernel.*v6\.12 or v6\.1.*"v6\.3"/s,
    );
    expect(() => openTarget({ bzImage: '/nowhere/bzImage' }, 'verify')).toThrow(
      /--guest-kernel.*no file \/nowhere\/bzImage/s,
    );
  });
});
