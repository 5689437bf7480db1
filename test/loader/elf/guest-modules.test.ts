import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { extractModinfo, layoutModule } from '../../../loader/elf/index.ts';
import { GUEST_MODULES } from './module-folders.ts';
import { I386, mustRead } from './sample-modules.ts';

/**
 * Sizes a live 6.12.117 kernel reported (/sys/module/<name>/coresize and initsize, and the text
 * size of its module statistics): i386 SMP PREEMPT, KALLSYMS, no KALLSYMS_ALL, STRICT_MODULE_RWX,
 * MODULE_UNLOAD. A file counts only when it is the same build, byte count and all.
 */
const LIVE: readonly [name: string, file: number, core: number, init: number, text?: number][] = [
  ['test_module', 3424, 12288, 8192, 8192],
  ['crypto_algapi', 23156, 16384, 16384, 12288],
  ['crypto_hash', 20440, 16384, 12288, 8192],
  ['crc32c_generic', 4612, 12288, 8192, 8192],
  ['libcrc32c', 4180, 12288, 8192, 8192],
  ['exportfs', 7360, 12288, 4096, 4096],
  ['xfs', 1730072, 1286144, 405504, 843776],
  ['udp_tunnel', 18804, 16384, 12288],
  ['ip6_udp_tunnel', 6888, 12288, 4096],
  ['sctp', 344908, 282624, 53248, 233472],
  ['tun', 53968, 40960, 16384, 36864],
  ['dummy', 6900, 12288, 8192, 8192],
  ['test_kmod', 15032, 12288, 8192],
  ['jbd2', 138812, 98304, 40960, 61440],
  ['mbcache', 10024, 12288, 8192],
];

const KERNEL = { ...I386, structModuleSize: 640 };

describe('modules a live kernel reported the sizes of', () => {
  for (const [name, size, core, init, text] of LIVE) {
    const path = GUEST_MODULES.find(
      (p) => basename(p, '.ko').replaceAll('-', '_') === name && statSync(p).size === size,
    );
    const missing = path ? '' : ` (skipped: no ${name}.ko of ${size} bytes from that kernel)`;
    it.skipIf(missing)(`${name}: core ${core}, init ${init}${missing}`, () => {
      const elf = mustRead(new Uint8Array(readFileSync(path!)), KERNEL);
      const layout = layoutModule(elf, KERNEL);
      expect([layout.core, layout.init, layout.total]).toEqual([core, init, core + init]);
      if (text !== undefined) expect(layout.text).toBe(text);
    });
  }
});

const none = GUEST_MODULES.length > 0 ? '' : ' (skipped: no modules in .cache/guest-linux)';

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
