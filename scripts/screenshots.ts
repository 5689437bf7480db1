/**
 * Pictures of the page for people who want to see it before they try it: written to
 * .cache/screenshots/ and not kept in the repository.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { startBrowser } from './browser.ts';
import { InputError } from './input-error.ts';
import { pageDirectory } from './web-command.ts';
import { serveDirectory } from './web-server.ts';

interface Shot {
  readonly name: string;
  readonly fragment: string;
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
}

const LAPTOP = { width: 1440, height: 1000 };
const PHONE = { width: 390, height: 1400 };

const SHOTS: readonly Shot[] = [
  { name: 'light', fragment: '#run=first-boot&mib=16', ...LAPTOP, scheme: 'light' },
  { name: 'dark', fragment: '#run=first-boot&mib=16&colour=module', ...LAPTOP, scheme: 'dark' },
  {
    name: 'two-kernels',
    fragment: '#run=first-boot&cpus=32&mib=16&kernel=v6.3&vs=v6.12',
    ...LAPTOP,
    scheme: 'light',
  },
  { name: 'phone', fragment: '#run=first-boot&mib=16', ...PHONE, scheme: 'light' },
  { name: 'full-window', fragment: '#run=one-by-one&by=replay', ...LAPTOP, scheme: 'light' },
  { name: 'empty', fragment: '', ...LAPTOP, scheme: 'light' },
];

const READY_MS = 300_000;

async function main(): Promise<void> {
  const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache', 'screenshots');
  mkdirSync(folder, { recursive: true });
  const server = await serveDirectory(pageDirectory(), 0);
  const browser = await startBrowser();
  try {
    for (const shot of SHOTS) {
      const path = join(folder, `${shot.name}.png`);
      await take(browser, server.url, shot, path);
      console.log(path);
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

async function take(browser: Browser, url: string, shot: Shot, path: string): Promise<void> {
  const { width, height, scheme, fragment } = shot;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
  await page.goto(url + fragment);
  if (fragment !== '') {
    await page.waitForSelector('html[data-ready]', { timeout: READY_MS });
    await page.waitForFunction(() => document.querySelector('#now')?.textContent !== '');
    await page.hover('address-map', { position: { x: 80, y: 60 } });
    await page.waitForFunction(
      () => document.querySelector('.area-line small')?.textContent !== '',
    );
  }
  await page.screenshot({ path });
  await page.close();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`screenshots: ${error.message}`);
  process.exitCode = 2;
}
