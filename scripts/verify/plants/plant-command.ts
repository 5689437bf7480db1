// SPDX-License-Identifier: MIT
// `modstorm verify --plant N`: a self-test of the verifier, which must notice a bug in the model.

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CommandContext } from '../../cli/command-context.ts';
import { InputError } from '../../cli/input-error.ts';
import type { VerifyOptions } from '../verify-command.ts';
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs.ts';

export interface PlantOptions extends VerifyOptions {
  /** Number of the bug, from 1. */
  readonly plant: number;
  /** Recordings to verify beside; default the one that notices the bug, or all of the checkout. */
  readonly recorded?: string | undefined;
}

type PlantedVerifier = typeof import('./planted-verifier.ts');

/** scripts/build-planted.mjs, which needs the bundler and so a checkout with its packages. */
interface Builder {
  buildPlanted(root: string, bug: PlantedBug, outfile: string): Promise<void>;
}

/** The bugs with their numbers. */
export async function plantsCommand(json: boolean, context: CommandContext): Promise<number> {
  const bugs = PLANTED_BUGS.map(({ title, file }, i) => ({ number: i + 1, title, file }));
  await context.write(
    json
      ? `${JSON.stringify({ version: 1, bugs }, null, 2)}\n`
      : bugs
          .map(({ number, title, file }) => `${String(number).padStart(3)}  ${title} (${file})\n`)
          .join(''),
  );
  return 0;
}

/**
 * Runs the verifier over a model with the bug in it: over recordings, or over a real kernel when a
 * suite or scenario is named. 1: it disagrees, as it should; 0: the bug went unnoticed.
 */
export async function plantCommand(
  options: PlantOptions,
  context: CommandContext,
): Promise<number> {
  const { plant, json } = options;
  const bug = PLANTED_BUGS[plant - 1];
  if (!bug) {
    const expected = `1 to ${PLANTED_BUGS.length} (verify --plants lists them)`;
    throw new InputError({ file: '--plant', expected, found: String(plant) });
  }
  const root = checkoutRoot();
  const outfile = join(root, 'dist', `planted-${plant}-${process.pid}.mjs`);
  try {
    const builder = join(root, 'scripts', 'build-planted.mjs');
    const { buildPlanted } = (await import(pathToFileURL(builder).href)) as Builder;
    await buildPlanted(root, bug, outfile);
    const verifier = (await import(pathToFileURL(outfile).href)) as PlantedVerifier;
    if (!json) await context.write(`planted bug ${plant}: ${bug.title} (${bug.file})\n`);
    const code = await run(verifier, bug, options, root, context);
    if (code === 0) process.stderr.write(`planted bug ${plant} went unnoticed: ${bug.title}\n`);
    return code;
  } finally {
    await rm(outfile, { force: true });
  }
}

function run(
  verifier: PlantedVerifier,
  bug: PlantedBug,
  options: PlantOptions,
  root: string,
  context: CommandContext,
): Promise<number> {
  const { suite, scenarios, recorded, modules, json } = options;
  if (suite !== undefined || scenarios.length > 0) return verifier.verifyCommand(options, context);
  const paths = [recorded ?? join(root, 'test', 'golden', 'recorded', bug.recording ?? '')];
  return verifier.recordedCommand({ paths, modules, json }, context);
}

function checkoutRoot(): string {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  if (!existsSync(join(root, 'scripts', 'build-planted.mjs'))) {
    throw new InputError({
      file: '--plant',
      expected: 'a checkout of modstorm with its sources',
      found: 'an installed package',
    });
  }
  return root;
}
