#!/usr/bin/env node
// SPDX-License-Identifier: MIT
/**
 * Assembles guest-images/storm/storm.bin from its sources.
 *
 *   node scripts/tools/guest-storm.mjs              writes storm.bin
 *   node scripts/tools/guest-storm.mjs --listing    also prints addresses, bytes and source lines
 */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const directory = new URL('../../guest-images/storm/', import.meta.url);

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('build-storm.ts', directory))],
  bundle: true,
  format: 'esm',
  platform: 'node',
  write: false,
});
const bundle = Buffer.from(outputFiles[0].contents).toString('base64');
const { writeStorm } = await import(`data:text/javascript;base64,${bundle}`);
const { bytes, listing } = writeStorm(directory);
if (process.argv.includes('--listing')) process.stdout.write(listing);
console.error(`guest-images/storm/storm.bin: ${bytes.length} bytes`);
