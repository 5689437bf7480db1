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
 * Bundle by name: its entry file, and whether it is a program (shebang, executable) or a tool of the
 * checkout (a program that may import what only developers install). tools/ is not part of the
 * package. An entry that does not exist is left out.
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
};

/** The package's entries for other programs; `node: false` ones run in a browser as well. */
const LIBRARY = {
  loader: { entry: 'loader/index.ts', node: false },
  vmalloc: { entry: 'loader/vmalloc/index.ts', node: false },
  elf: { entry: 'loader/elf/index.ts', node: false },
  decompress: { entry: 'loader/decompress/index.ts', node: false },
  trace: { entry: 'loader/trace.ts', node: false },
  memfs: { entry: 'loader/memfs/index.ts', node: false },
  emulator: { entry: 'emulator/index.ts', node: false },
  'emulator-node': { entry: 'emulator/node.ts', node: true },
};

/** The command line and the workers of its sweeps; what a command needs is loaded when it is run. */
const COMMAND_LINE = {
  cli: 'scripts/cli/cli.ts',
  'sweep-worker': 'scripts/sweep/sweep-worker.ts',
};
/** A file that several parts of the command line share, or that one of them loads late. */
const PART = /^part-[0-9A-Z]{8}\.js(\.map)?$/;
/** A file that several entries of the library share. */
const SHARED = /^shared-[0-9A-Z]{8}\.js(\.map)?$/;

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
  written.unshift(...(await commandLine(dependencies)), ...(await library(dependencies)));
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

async function bundle(name, { entry }, dependencies) {
  const result = await build({
    ...SHAPE,
    entryPoints: [entry],
    outfile: join(DIST, name),
    packages: 'external',
    banner: { js: '#!/usr/bin/env node' },
  });
  checkImports(name, result.metafile.outputs, dependencies);
  for (const file of result.outputFiles) {
    await replace(file.path, file.contents, file.path.endsWith('.js'));
  }
  return name;
}

/** The library's entries share their parts, so that a class is the same one from any of them. */
async function library(dependencies) {
  const result = await build({
    ...SHAPE,
    entryPoints: Object.fromEntries(
      Object.entries(LIBRARY).map(([name, { entry }]) => [name, entry]),
    ),
    outdir: DIST,
    splitting: true,
    chunkNames: 'shared-[hash]',
    packages: 'external',
    platform: 'neutral',
    target: 'es2023',
    sourcesContent: true,
  });
  const { outputs } = result.metafile;
  for (const [name, { node }] of Object.entries(LIBRARY)) {
    checkImports(`${name}.js`, reachable(outputs, `dist/${name}.js`), dependencies, node);
  }
  await replaceAll(result.outputFiles, SHARED);
  return Object.keys(LIBRARY).map((name) => `${name}.js`);
}

/** The outputs that an entry loads, itself among them. */
function reachable(outputs, entry, found = {}) {
  if (found[entry] !== undefined || outputs[entry] === undefined) return found;
  found[entry] = outputs[entry];
  for (const { path, external } of outputs[entry].imports) {
    if (!external) reachable(outputs, path, found);
  }
  return found;
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
  checkImports('cli.js', result.metafile.outputs, outside);
  await replaceAll(result.outputFiles, PART);
  return Object.keys(COMMAND_LINE).map((name) => `${name}.js`);
}

/** Writes the files of a build in parts, and takes away parts of builds before it. */
async function replaceAll(files, part) {
  const names = new Set();
  for (const { path, contents } of files) {
    names.add(basename(path));
    await replace(path, contents, basename(path) === 'cli.js');
  }
  for (const name of await readdir(DIST)) {
    if (part.test(name) && !names.has(name)) await rm(join(DIST, name));
  }
}

function checkImports(name, outputs, dependencies, node = true) {
  for (const { path, external } of Object.values(outputs).flatMap((o) => o.imports)) {
    if (external) checkImport(name, path, dependencies, node);
  }
}

/** What a bundle leaves outside must be there where the package is installed. */
function checkImport(name, path, dependencies, node) {
  if (isBuiltin(path)) {
    if (!node) throw new BuildError(`dist/${name} imports ${path}, expected no Node module`);
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
