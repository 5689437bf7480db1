// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brokenRules, importsOf, LOADER_ORDER, type Sources } from './import-rules.ts';

const ROOT = join(import.meta.dirname, '..');

function sourcesOf(parts: readonly string[]): Map<string, string> {
  const sources = new Map<string, string>();
  for (const part of parts) {
    for (const path of readdirSync(join(ROOT, part), { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts') || path.endsWith('.d.ts')) continue;
      const file = `${part}/${path.replaceAll('\\', '/')}`;
      sources.set(file, readFileSync(join(ROOT, file), 'utf8'));
    }
  }
  return sources;
}

const SOURCES: Sources = sourcesOf(['loader', 'emulator', 'scripts']);

/** The tree with one line more at the end of `file`. */
function planted(file: string, line: string): Sources {
  return new Map([...SOURCES, [file, `${SOURCES.get(file) ?? ''}\n${line}\n`]]);
}

describe('who imports whom', () => {
  it('is read from several hundred files', () => {
    expect(SOURCES.size).toBeGreaterThan(400);
  });

  it('follows the table: each room of loader/ looks only at those above it, in no circle', () => {
    expect(brokenRules(SOURCES)).toEqual([]);
  });

  it('has the same table as loader/README.md', () => {
    const readme = readFileSync(join(ROOT, 'loader/README.md'), 'utf8');
    const rows = [...readme.matchAll(/^\| `([a-z-]+\/|\w+\.ts)` \|/gm)].map((m) => m[1]!);
    const rooms = LOADER_ORDER.filter((room) => room !== 'index.ts');
    const there = rooms.filter((room) =>
      [...SOURCES.keys()].some(
        (path) => path === `loader/${room}` || path.startsWith(`loader/${room}/`),
      ),
    );
    expect(rows).toEqual(there.map((room) => (room.endsWith('.ts') ? room : `${room}/`)));
  });
});

describe('a planted fault is found', () => {
  it.each([
    [
      'a room that looks down',
      'loader/vmalloc/space.ts',
      "import { x } from '../module/index.ts';",
    ],
    [
      'a type from below',
      'loader/presets/kernels.ts',
      "import type { X } from '../vmalloc/index.ts';",
    ],
    [
      'a type from below in brackets',
      'loader/elf/layout.ts',
      "type X = import('../module/index.ts').X;",
    ],
    ['an export from below', 'loader/base/units.ts', "export * from '../engine/index.ts';"],
    [
      'another way in than the door',
      'loader/kmod/limiter.ts',
      "import { x } from '../engine/task.ts';",
    ],
    [
      'a room that is not in the table',
      'loader/attic/box.ts',
      "import { x } from '../base/index.ts';",
    ],
    [
      'a circle of two files in one room',
      'loader/base/units.ts',
      "import { x } from './errno.ts';\n",
    ],
    [
      'product code that imports test/',
      'scripts/cli/report.ts',
      "import { x } from '../../test/x.ts';",
    ],
    ['the core that imports the emulator', 'loader/kernel.ts', "import '../emulator/index.ts';"],
    [
      'the emulator that imports scripts',
      'emulator/index.ts',
      "import '../scripts/cli/report.ts';",
    ],
    [
      'a port that knows scenarios',
      'emulator/port/device.ts',
      "import type { Scenario } from '../../loader/scenario/index.ts';",
    ],
    ['a package of another room', 'loader/vmalloc/space.ts', "import { z } from 'zod';"],
    ["Node's own modules", 'loader/vmalloc/space.ts', "import 'node:fs';"],
  ])('%s', (_, file, line) => {
    const sources = new Map(planted(file, line));
    if (file === 'loader/base/units.ts' && line.includes('errno')) {
      const text = sources.get('loader/base/errno.ts')!;
      sources.set('loader/base/errno.ts', `${text}\nimport { y } from './units.ts';\n`);
    }
    const broken = brokenRules(sources);
    expect(broken.join('\n')).toContain(file);
  });

  it('is not found in a comment', () => {
    expect(importsOf("// import { x } from './x.ts';\n * import './y.ts'\n")).toEqual([]);
  });
});
