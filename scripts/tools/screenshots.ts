/**
 * Pictures for people who want to see modstorm before they try it. Those of the page go to
 * .cache/screenshots/ and are not kept in the repository; the map of a box that runs out of address
 * space, which `modstorm inspect` draws, is SVG and lies in emulator/web/pictures/.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { FIRST_BOOT } from '../../loader/scenario/index.ts';
import { InputError } from '../cli/input-error.ts';
import { serveDirectory } from '../cli/web-server.ts';
import { DIST, PAGE, startBrowser } from './browser.ts';

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

/** A 32-bit box whose 64 CPUs load a server's modules into too small a window. */
const FAILING_BOX = {
  ...FIRST_BOOT,
  name: 'failing-box',
  machine: { cpus: 64, vmalloc: { mib: 16 } },
};

const READY_MS = 300_000;

async function main(): Promise<void> {
  drawFailingBox();
  const folder = join(DIST, '..', '.cache', 'screenshots');
  mkdirSync(folder, { recursive: true });
  const server = await serveDirectory(PAGE, 0);
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

/** What `modstorm inspect SCENARIO --at failure --format svg` prints. */
function drawFailingBox(): void {
  const scratch = mkdtempSync(join(tmpdir(), 'modstorm-box-'));
  const scenario = join(scratch, `${FAILING_BOX.name}.json`);
  writeFileSync(scenario, JSON.stringify(FAILING_BOX));
  const args = ['inspect', scenario, '--at', 'failure', '--format', 'svg'];
  const run = spawnSync(process.execPath, [join(DIST, 'cli.js'), ...args], { encoding: 'utf8' });
  rmSync(scratch, { recursive: true });
  if (run.status !== 0) throw new Error(run.stderr);
  const folder = join(DIST, '..', 'emulator', 'web', 'pictures');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${FAILING_BOX.name}.svg`);
  writeFileSync(path, run.stdout);
  console.log(path);
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
