// SPDX-License-Identifier: MIT
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { extractModinfo, layoutModule } from '../../../loader/elf/index.ts';
import { GUEST_MODULES } from './module-folders.ts';
import { I386, mustRead } from './sample-modules.ts';

/**
 * Sizes a live 6.12.117 kernel reported when it ran scripts/verify/suites/module-sizes.json: the core from
 * /sys/module/<name>/coresize, init and text from how much its module statistics grew. i386 SMP
 * PREEMPT, KALLSYMS, no KALLSYMS_ALL, STRICT_MODULE_RWX, MODULE_UNLOAD, built by Debian's gcc 12.2.
 * A row counts only for a file of the same build, byte count and all.
 */
const LIVE: readonly [name: string, file: number, core: number, init: number, text: number][] = [
  ['test_module', 3424, 12288, 8192, 8192],
  ['crypto_algapi', 23156, 16384, 16384, 12288],
  ['crypto_hash', 20440, 16384, 12288, 8192],
  ['crc32c_generic', 4612, 12288, 8192, 8192],
  ['libcrc32c', 4180, 12288, 8192, 8192],
  ['exportfs', 7360, 12288, 4096, 4096],
  ['xfs', 1730568, 1286144, 405504, 843776],
  ['udp_tunnel', 18980, 16384, 12288, 12288],
  ['ip6_udp_tunnel', 6888, 12288, 4096, 4096],
  ['sctp', 345180, 282624, 53248, 233472],
  ['tun', 53924, 40960, 16384, 36864],
  ['dummy', 6900, 12288, 8192, 8192],
  ['test_kmod', 15032, 12288, 8192, 8192],
  ['jbd2', 138812, 98304, 40960, 61440],
  ['mbcache', 10024, 12288, 8192, 8192],
];

const KERNEL = { ...I386, structModuleSize: 640 };

/** Other kernels and other compilers make other files. */
function isOfThatKernel(path: string): boolean {
  const file = readFileSync(path);
  return file.includes('vermagic=6.12.117 ') && file.includes('GCC: (Debian 12.2.0-');
}

const none = GUEST_MODULES.length > 0 ? '' : ' (skipped: no modules in .cache/guest-linux)';

const others =
  none || GUEST_MODULES.some(isOfThatKernel) ? none : ' (skipped: not 6.12.117 by gcc 12.2.0)';

describe.skipIf(others)(`modules a live kernel reported the sizes of${others}`, () => {
  it.each(LIVE)('%s, %i bytes: core %i, init %i, text %i', (name, size, core, init, text) => {
    const path = GUEST_MODULES.find(
      (p) => basename(p, '.ko').replaceAll('-', '_') === name && statSync(p).size === size,
    );
    expect(path, 'no file of that build; a new configuration needs new rows').toBeDefined();
    const elf = mustRead(new Uint8Array(readFileSync(path!)), KERNEL);
    const layout = layoutModule(elf, KERNEL);
    expect([layout.core, layout.init, layout.text]).toEqual([core, init, text]);
    expect(layout.total).toBe(core + init);
  });
});

describe.skipIf(none)(`modules built for the Linux guest${none}`, () => {
  it('are laid out without a hazard', () => {
    for (const path of GUEST_MODULES) {
      const bytes = new Uint8Array(readFileSync(path));
      const facts = extractModinfo(bytes);
      // A build tree also holds intermediate files that are no modules yet.
      if (facts?.machine !== 3) continue;
      const kernel = { ...KERNEL, structModuleSize: facts.structModuleSize };
      const elf = mustRead(bytes, kernel);
      const layout = layoutModule(elf, kernel);
      expect([path, elf.hazards, layout.hazards]).toEqual([path, [], []]);
      expect(layout.core).toBeGreaterThan(0);
    }
  });
});
