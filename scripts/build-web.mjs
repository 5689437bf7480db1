// SPDX-License-Identifier: MIT
/** Bundles the page into a folder that any static host can serve. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join, parse, relative } from 'node:path';
import { build } from 'esbuild';

/** What v86 imports in Node only, behind a test that browsers fail. */
const NODE_ONLY = ['crypto', 'node:crypto', 'fs', 'node:fs/promises', 'perf_hooks'];

/**
 * zod tries whether it may compile code, which the page's policy forbids and reports. It reads this
 * when it is loaded, before any module of ours can say so.
 */
const BANNER = 'globalThis.__zod_globalConfig={jitless:true};';

const PAGE = {
  page: 'emulator/web/page/main.ts',
  worker: 'emulator/web/worker/main.ts',
};

/**
 * Writes the page below `directory`. Scripts and styles first, the document that names them last;
 * scripts of earlier builds go when it is there.
 */
export async function buildWeb(root, directory) {
  await mkdir(directory, { recursive: true });
  const wasm = await hashed(createRequire(import.meta.url).resolve('v86/build/v86.wasm'));
  const storm = await hashed(join(root, 'guest-images', 'storm', 'storm.bin'));
  const result = await build({
    absWorkingDir: root,
    entryPoints: { ...PAGE, style: 'emulator/web/style.css' },
    outdir: directory,
    entryNames: '[name]-[hash]',
    define: {
      MODSTORM_WASM: JSON.stringify(wasm.name),
      MODSTORM_IMAGE: JSON.stringify(storm.name),
    },
    chunkNames: '[name]-[hash]',
    write: false,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['es2022', 'chrome123', 'firefox121', 'safari17.5'],
    external: NODE_ONLY,
    banner: { js: BANNER },
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  const written = new Set();
  for (const { path, contents } of result.outputFiles) {
    await replace(path, contents);
    written.add(path);
  }
  for (const { name, bytes } of [wasm, storm]) {
    const path = join(directory, name);
    await replace(path, bytes);
    written.add(path);
  }
  const licenses = join(directory, 'LICENSES.txt');
  await replace(licenses, await licenseTexts(root));
  written.add(licenses);
  const page = join(directory, 'index.html');
  const names = Object.fromEntries(
    Object.entries(result.metafile.outputs)
      .filter(([, { entryPoint }]) => entryPoint !== undefined)
      .map(([path, { entryPoint }]) => [entryPoint, basename(path)]),
  );
  const html = await readFile(join(root, 'emulator', 'web', 'index.html'), 'utf8');
  await replace(
    page,
    html
      .replace('"style.css"', `"${names['emulator/web/style.css']}"`)
      .replace('"page.js"', `"${names[PAGE.page]}"`)
      .replace('"worker.js"', `"${names[PAGE.worker]}"`),
  );
  written.add(page);
  const worker = join(directory, 'offline.js');
  await replace(worker, await offlineScript(root, directory, written));
  written.add(worker);
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (!written.has(path) && !name.endsWith('.tmp')) await rm(path, { force: true });
  }
}

/** A file and a name that changes with what it holds, so that browsers may keep it for good. */
async function hashed(path) {
  const bytes = await readFile(path);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8).toUpperCase();
  const { name, ext } = parse(path);
  return { name: `${name}-${hash}${ext}`, bytes };
}

/** The service worker, with the names of all files of this build in it. */
async function offlineScript(root, directory, written) {
  const files = [...written].map((path) => relative(directory, path)).sort();
  const script = await readFile(join(root, 'emulator', 'web', 'offline.js'), 'utf8');
  return script.replace('const FILES = [];', `const FILES = ${JSON.stringify(files)};`);
}

/** The page carries code of others, so it carries their terms. */
async function licenseTexts(root) {
  const texts = ['LICENSE', 'node_modules/v86/LICENSE', 'node_modules/zod/LICENSE'].map(
    async (path) => {
      const name = path.split('/').at(-2) ?? 'modstorm';
      return `${name}\n\n${(await readFile(join(root, path), 'utf8')).trim()}\n`;
    },
  );
  return (await Promise.all(texts)).join('\n\n');
}

async function replace(path, contents) {
  const fresh = `${path}.${process.pid}.tmp`;
  await writeFile(fresh, contents);
  await rename(fresh, path);
}
