// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fragmentFor } from '../../../../scripts/tools/linux-guest/source.ts';

let source: string;
beforeEach(() => {
  source = mkdtempSync(join(tmpdir(), 'modstorm-kconfig-'));
  mkdirSync(join(source, 'kernel/module'), { recursive: true });
  mkdirSync(join(source, 'Documentation'), { recursive: true });
  writeFileSync(join(source, 'Kconfig'), 'config SMP\n\tbool\n\nconfig DEVPORT\n\tbool\n');
  writeFileSync(
    join(source, 'kernel/module/Kconfig'),
    'menuconfig MODULES\n\tbool\n\tconfig MODULE_UNLOAD\n\tbool\n# config MODULE_STATS\n',
  );
  writeFileSync(join(source, 'Documentation/Kconfig.rst'), 'config MODULE_STATS\n');
});
afterEach(() => rmSync(source, { recursive: true, force: true }));

const FRAGMENT =
  '# why\nCONFIG_SMP=y\nCONFIG_MODULES=y\nCONFIG_MODULE_UNLOAD=y\nCONFIG_MODULE_STATS=y\n' +
  '# CONFIG_GONE is not set\nCONFIG_DEVPORT=y\n';

describe('a config fragment for another kernel', () => {
  it('loses the options that its Kconfig files do not have, and names them', () => {
    const { kept, dropped } = fragmentFor(source, FRAGMENT, '6.12');
    expect(dropped).toEqual(['MODULE_STATS', 'GONE']);
    expect(kept).toBe(
      '# why\nCONFIG_SMP=y\nCONFIG_MODULES=y\nCONFIG_MODULE_UNLOAD=y\nCONFIG_DEVPORT=y\n',
    );
  });

  it('loses what a series ties to options the guest is built without', () => {
    expect(fragmentFor(source, FRAGMENT, '6.1').dropped).toEqual([
      'MODULE_STATS',
      'GONE',
      'DEVPORT',
    ]);
  });
});
