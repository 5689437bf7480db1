// SPDX-License-Identifier: MIT
/**
 * The package as other programs get it: packed, unpacked, and used under strict TypeScript, in Node
 * and in a bundle for the browser (needs npm run build -- --types).
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const { dependencies, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const ENTRIES = Object.keys(exports).filter((name) => !name.endsWith('.json'));
const BROWSER = ENTRIES.filter((name) => name !== './emulator/node');

const USE = `
import { type RunResult, type ScenarioInput, type Simulation, simulate } from 'modstorm';
import { decodeGzip, type DecodeResult } from 'modstorm/decompress';
import { readElf, type ReadElfResult, writeModule } from 'modstorm/elf';
import { type BootOptions, type BootResult, bootGuest } from 'modstorm/emulator';
import { loadV86Wasm } from 'modstorm/emulator/node';
import { createGuestVolume } from 'modstorm/memfs';
import { EventRecorder, type TraceEvent } from 'modstorm/trace';
import { type FragmentationStats, VmallocSpace } from 'modstorm/vmalloc';

const scenario: ScenarioInput = {
  version: 1, name: 'consumer', modules: 'boot', steps: [{ modprobe: 'loop' }],
};
const events: TraceEvent[] = [];
const run: Simulation = simulate(scenario, { events: { push: (event) => { events.push(event); } } });
if (!run.ok) throw new Error(run.problem.found);
const result: RunResult = run.result;
const stats: FragmentationStats = run.kernel.space.stats();
const same: VmallocSpace = run.kernel.space;
const decoded: DecodeResult = decodeGzip(new Uint8Array(4));
const boots: (options: BootOptions) => Promise<BootResult> = bootGuest;
const reads: (...given: Parameters<typeof readElf>) => ReadElfResult = readElf;
const text: string = createGuestVolume(run.kernel).readFileSync('/proc/modules', 'utf8').toString();
console.log(JSON.stringify({
  loaded: result.counters['modcount'], events: events.length > 0, free: stats.free > 0,
  same: same instanceof VmallocSpace, errno: decoded.errno, text: text.startsWith('loop '),
  parts: [boots, reads, writeModule, loadV86Wasm, EventRecorder].map((part) => typeof part),
}));
`;

describe.skipIf(!existsSync(join(ROOT, 'dist', 'types')))('the packed package', () => {
  let project: string;
  const installed = (...path: string[]): string =>
    join(project, 'node_modules', 'modstorm', ...path);
  const run = (program: string, args: readonly string[], cwd = project) => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
    return { status, stdout, stderr };
  };

  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'modstorm-consumer-'));
    const packed = run('npm', ['pack', '--ignore-scripts', '--pack-destination', project], ROOT);
    expect(packed.status, packed.stderr).toBe(0);
    const [archive] = readdirSync(project).filter((name) => name.endsWith('.tgz'));
    mkdirSync(installed(), { recursive: true });
    run('tar', ['-xzf', archive!, '-C', installed(), '--strip-components=1']);
    // What npm would install beside it lies in the checkout already.
    const shared = [...Object.keys(dependencies), '@types', 'undici-types'];
    for (const name of shared.filter((one) => existsSync(join(ROOT, 'node_modules', one)))) {
      symlinkSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name));
    }
    writeFileSync(join(project, 'package.json'), '{"type":"module","private":true}');
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it('is used under strict TypeScript and runs in Node', () => {
    const compilerOptions = {
      target: 'es2023',
      module: 'nodenext',
      lib: ['ES2023', 'DOM'],
      types: ['node'],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noPropertyAccessFromIndexSignature: true,
      skipLibCheck: false,
      outDir: 'out',
    };
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['use.ts'] }),
    );
    writeFileSync(join(project, 'use.ts'), USE);
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const compiled = run(process.execPath, [tsc, '-p', '.']);
    const own = compiled.stdout
      .split('\n')
      .filter((line) => /^(?:use\.ts|node_modules\/modstorm)/.test(line));
    expect(own).toEqual([]);
    const ran = run(process.execPath, [join('out', 'use.js')]);
    expect(ran.stderr).toBe('');
    expect(JSON.parse(ran.stdout)).toEqual({
      loaded: 1,
      events: true,
      free: true,
      same: true,
      errno: 22,
      text: true,
      parts: Array(5).fill('function'),
    });
  });

  it.each(BROWSER)('%s is bundled for a browser without a module of Node', async (name) => {
    const entry = name.replace('.', 'modstorm');
    const { metafile } = await build({
      stdin: { contents: `export * from '${entry}';`, resolveDir: project },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      metafile: true,
      logLevel: 'silent',
      // Dependencies, whose own ways into a browser are theirs.
      external: Object.keys(dependencies),
    });
    const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
    expect(outside.map(({ path }) => path).filter((path) => path.startsWith('node:'))).toEqual([]);
  });

  it('brings source maps with the sources in them', () => {
    const maps = readdirSync(installed('dist')).filter((name) =>
      /^(?:shared-|loader|trace).*\.map$/.test(name),
    );
    expect(maps.length).toBeGreaterThan(2);
    for (const name of maps) {
      const { sources, sourcesContent } = JSON.parse(readFileSync(installed('dist', name), 'utf8'));
      expect(sourcesContent ?? [], name).toHaveLength(sources.length);
    }
  });

  it('holds the command, which answers', () => {
    expect(statSync(installed('dist', 'cli.js')).mode & 0o111).not.toBe(0);
    const help = run(process.execPath, [installed('dist', 'cli.js'), '--help']);
    expect(help.status).toBe(0);
    expect(help.stdout).toContain('usage: modstorm COMMAND');
  });
});

/** Names a door's declaration file gives on, with what they are called there. */
function exportedNames(file: string, seen = new Set<string>()): Set<string> {
  const names = new Set<string>();
  if (seen.has(file)) return names;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  for (const [, list] of text.matchAll(/export (?:type )?\{([^}]*)\}/g)) {
    for (const part of list!.split(',')) {
      const name = part
        .trim()
        .replace(/^type /, '')
        .split(' as ')
        .at(-1)!;
      if (name !== '') names.add(name);
    }
  }
  for (const [, from] of text.matchAll(/export (?:type )?\* from '([^']+)'/g)) {
    for (const name of exportedNames(declarations(file, from!), seen)) names.add(name);
  }
  for (const [, name] of text.matchAll(
    /export (?:declare )?(?:class|function|const|interface|type) (\w+)/g,
  )) {
    names.add(name!);
  }
  return names;
}

function declarations(file: string, from: string): string {
  return join(file, '..', from.replace(/\.ts$/, '.d.ts'));
}

/** Declaration files whose exports a door gives on. */
function filesBehind(door: string): string[] {
  const text = readFileSync(door, 'utf8');
  return [...text.matchAll(/export [^'"]*? from '([^']+)'/g)].flatMap(([, from]) => {
    const file = declarations(door, from!);
    return file.endsWith('index.d.ts') ? filesBehind(file) : [file];
  });
}

describe.skipIf(!existsSync(join(ROOT, 'dist', 'types')))('the declarations', () => {
  it('export every type that a signature names', () => {
    const doors = ENTRIES.map((name) => join(ROOT, exports[name].types));
    const all = new Set(doors.flatMap((door) => [...exportedNames(door)]));
    const missing = new Set<string>();
    for (const file of doors.flatMap(filesBehind)) {
      for (const [, list] of readFileSync(file, 'utf8').matchAll(
        /^import (?:type )?\{([^}]*)\} from '\./gm,
      )) {
        for (const part of list!.split(',')) {
          const name = part
            .trim()
            .replace(/^type /, '')
            .split(' as ')[0]!;
          if (name !== '' && !all.has(name)) missing.add(name);
        }
      }
    }
    expect([...missing].sort()).toEqual([]);
  });
});
