#!/usr/bin/env node
/**
 * Bundles the entry points below into dist/. Nothing is fetched; every file is replaced whole.
 *
 *   node scripts/build.mjs            the bundles, and the page in dist/web/
 *   node scripts/build.mjs --types    also dist/types and dist/scenario.schema.json
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { buildWeb } from './build-web.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const DIST = join(ROOT, 'dist');

/**
 * Bundle by name: its entry file, and whether it is a program (shebang, executable), a tool of the
 * checkout (a program that may import what only developers install) or a library. tools/ is not
 * part of the package.
 * `pure` bundles may not import Node's own modules. An entry that does not exist is left out.
 */
const ENTRIES = {
  'tools/bench-web.js': { entry: 'scripts/bench/bench-web.ts', kind: 'tool' },
  'tools/screenshots.js': { entry: 'scripts/tools/screenshots.ts', kind: 'tool' },
  'tools/measure.js': { entry: 'scripts/measure/measure.ts', kind: 'tool' },
  'tools/bench.js': { entry: 'scripts/bench/bench.ts', kind: 'tool' },
  'modules-debian.js': { entry: 'scripts/tools/modules-debian.ts', kind: 'program' },
  'guest-linux.js': { entry: 'scripts/tools/guest-linux.ts', kind: 'program' },
  'guest-userland.js': { entry: 'scripts/tools/guest-userland.ts', kind: 'program' },
  'guest-qemu.js': { entry: 'scripts/tools/guest-qemu.ts', kind: 'program' },
  'emulator.js': { entry: 'emulator/index.ts', kind: 'library' },
  'loader.js': { entry: 'loader/index.ts', kind: 'pure' },
};

/** The command line and the workers of its sweeps; what a command needs is loaded when it is run. */
const COMMAND_LINE = {
  cli: 'scripts/cli/cli.ts',
  'sweep-worker': 'scripts/sweep/sweep-worker.ts',
};
/** A file that several parts of the command line share, or that one of them loads late. */
const PART = /^part-[0-9A-Z]{8}\.js(\.map)?$/;

/** The export of the loader bundle that gives the scenario format as a JSON Schema. */
const SCHEMA_EXPORT = 'scenarioJsonSchema';

async function main(args) {
  const unknown = args.filter((arg) => arg !== '--types');
  if (unknown.length > 0) {
    throw new BuildError(`unknown option ${unknown[0]}, expected --types or nothing`);
  }
  const started = performance.now();
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const dependencies = Object.keys(manifest.dependencies);
  const all = [...dependencies, ...Object.keys(manifest.devDependencies)];
  const present = Object.entries(ENTRIES).filter(([, { entry }]) => existsSync(join(ROOT, entry)));
  await mkdir(join(DIST, 'tools'), { recursive: true });
  const written = await Promise.all(
    present.map(([name, options]) =>
      bundle(name, options, options.kind === 'tool' ? all : dependencies),
    ),
  );
  written.unshift(...(await commandLine(dependencies)));
  await buildWeb(ROOT, join(DIST, 'web'));
  written.push('web/');
  if (args.includes('--types')) {
    await declarations();
    if (await schema()) written.push('scenario.schema.json');
    written.push('types/');
  }
  if (process.stdout.isTTY) {
    const ms = Math.round(performance.now() - started);
    console.log(`dist/: ${written.join(', ')} (${ms} ms)`);
  }
}

/** What all bundles have in common; nothing is written before all of it is checked. */
const SHAPE = {
  absWorkingDir: ROOT,
  write: false,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
};

async function bundle(name, { entry, kind }, dependencies) {
  const result = await build({
    ...SHAPE,
    entryPoints: [entry],
    outfile: join(DIST, name),
    packages: 'external',
    ...(kind === 'pure' ? { platform: 'neutral', target: 'es2023' } : {}),
    ...(isProgram(kind) ? { banner: { js: '#!/usr/bin/env node' } } : {}),
  });
  checkImports(name, kind, result, dependencies);
  for (const file of result.outputFiles) {
    await replace(file.path, file.contents, isProgram(kind) && file.path.endsWith('.js'));
  }
  return name;
}

/**
 * The command line is started anew for each run, so it reads little before it begins: only the
 * parts its command needs, without blanks, and of zod what it uses instead of some hundred files.
 */
async function commandLine(dependencies) {
  const outside = dependencies.filter((name) => name !== 'zod');
  const result = await build({
    ...SHAPE,
    entryPoints: COMMAND_LINE,
    outdir: DIST,
    splitting: true,
    chunkNames: 'part-[hash]',
    external: outside,
    minifyWhitespace: true,
    minifySyntax: true,
  });
  checkImports('cli.js', 'program', result, outside);
  const names = new Set();
  for (const { path, contents } of result.outputFiles) {
    names.add(basename(path));
    await replace(path, contents, basename(path) === 'cli.js');
  }
  for (const name of await readdir(DIST)) {
    if (PART.test(name) && !names.has(name)) await rm(join(DIST, name));
  }
  return Object.keys(COMMAND_LINE).map((name) => `${name}.js`);
}

function checkImports(name, kind, result, dependencies) {
  for (const { path, external } of Object.values(result.metafile.outputs).flatMap(
    (o) => o.imports,
  )) {
    if (external) checkImport(name, kind, path, dependencies);
  }
}

function isProgram(kind) {
  return kind === 'program' || kind === 'tool';
}

/** What a bundle leaves outside must be there where the package is installed. */
function checkImport(name, kind, path, dependencies) {
  if (isBuiltin(path)) {
    if (kind === 'pure')
      throw new BuildError(`dist/${name} imports ${path}, expected no Node module`);
    return;
  }
  const parts = path.split('/');
  const owner = path.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
  if (!dependencies.includes(owner)) {
    const known = dependencies.join(', ');
    throw new BuildError(
      `dist/${name} imports ${path}, expected one of the dependencies: ${known}`,
    );
  }
}

async function declarations() {
  const types = join(DIST, 'types');
  const fresh = await mkdtemp(`${types}-`);
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const run = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (run.status !== 0) {
    await rm(fresh, { recursive: true, force: true });
    throw new BuildError('the type declarations could not be made');
  }
  const old = `${fresh}.old`;
  if (existsSync(types)) await rename(types, old);
  await rename(fresh, types);
  await rm(old, { recursive: true, force: true });
}

async function schema() {
  const loader = join(DIST, 'loader.js');
  if (!existsSync(loader)) return false;
  const make = (await import(pathToFileURL(loader).href))[SCHEMA_EXPORT];
  if (typeof make !== 'function') return false;
  const text = `${JSON.stringify(make(), null, 2)}\n`;
  await replace(join(DIST, 'scenario.schema.json'), text, false);
  return true;
}

/** Writes a file beside its place and moves it there. */
async function replace(path, contents, executable) {
  const fresh = `${path}.${process.pid}.tmp`;
  await writeFile(fresh, contents);
  if (executable) await chmod(fresh, 0o755);
  await rename(fresh, path);
}

class BuildError extends Error {}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // esbuild has printed its own errors by now.
  if (error instanceof BuildError) console.error(`build: ${error.message}`);
  else if (!Array.isArray(error?.errors)) throw error;
  process.exitCode = 1;
}
