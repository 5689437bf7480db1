// SPDX-License-Identifier: MIT
/** The browser that scripts drive: Debian's Chromium. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { InputError } from '../cli/input-error.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-headless-shell'];

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The built bundles; tools lie in a folder below. */
export const DIST = join(dirname(fileURLToPath(import.meta.url)), '..');
/** The built page. */
export const PAGE = join(DIST, 'web');

/** Starts it with a profile of its own. Throws InputError where it is not installed. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = PLACES.find(existsSync);
  if (executablePath === undefined) {
    throw new InputError({
      file: PLACES[0]!,
      expected: 'Chromium (Debian: apt-get install chromium)',
      found: 'nothing there',
    });
  }
  return chromium.launch({ executablePath, args: FLAGS });
}
