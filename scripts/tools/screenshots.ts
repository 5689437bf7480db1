/**
 * Pictures for people who want to see modstorm before they try it. Those of the page are WebP and
 * go to docs/pictures/; the map of a box that runs out of address space, which `modstorm inspect`
 * draws, is SVG and lies in emulator/web/pictures/.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
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
  /** What is done before the picture is taken. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const LAPTOP = { width: 1440, height: 900 };
const FOUR_K = { width: 3840, height: 2160 };
const PHONE = { width: 390, height: 844 };
const BOX = '#run=box-32bit&by=replay';

const SHOTS: readonly Shot[] = [
  { name: 'light', fragment: BOX, ...LAPTOP, scheme: 'light' },
  { name: 'dark', fragment: `${BOX}&colour=module`, ...LAPTOP, scheme: 'dark' },
  { name: 'phone', fragment: BOX, ...PHONE, scheme: 'light' },
  { name: '4k', fragment: BOX, ...FOUR_K, scheme: 'light' },
  { name: 'tracks', fragment: BOX, ...LAPTOP, scheme: 'light', prepare: selectFailing },
  { name: 'what-if', fragment: BOX, ...LAPTOP, scheme: 'light', prepare: compareKernels },
];

/** Bytes of a picture that is kept in the repository. */
const MOST_BYTES = 150_000;
/** Tried from the best on. */
const QUALITIES = [90, 75, 60, 45, 30];

/** The tracks with the request that failed, its stages, and who waits for whom. */
async function selectFailing(page: Page): Promise<void> {
  await page.keyboard.press('f');
  await page.keyboard.press('r');
  await page.waitForSelector('#panel-selected h3');
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('w');
  await page.locator('run-timeline').evaluate((each) => each.scrollIntoView({ block: 'start' }));
  await page.waitForTimeout(800);
}

async function compareKernels(page: Page): Promise<void> {
  await page.click('#tab-whatif');
  for (const each of await page.$$('#panel-whatif input[type="checkbox"]')) {
    await each.setChecked(['v6.3', 'v6.5', 'v6.12'].includes(await each.inputValue()));
  }
  await page.selectOption('#panel-whatif select', 'idempotent=none');
  await page.click('#panel-whatif button');
  await page.waitForFunction(
    () => document.querySelector('#panel-whatif table')?.textContent?.includes('…') === false,
    undefined,
    { timeout: READY_MS },
  );
  await page.locator('#details').evaluate((each) => each.scrollIntoView({ block: 'center' }));
}

/** A 32-bit box whose 64 CPUs load a server's modules into too small a window. */
const FAILING_BOX = {
  ...FIRST_BOOT,
  name: 'failing-box',
  machine: { cpus: 64, vmalloc: { mib: 10 } },
};

const READY_MS = 300_000;

async function main(): Promise<void> {
  drawFailingBox();
  const folder = join(DIST, '..', 'docs', 'pictures');
  mkdirSync(folder, { recursive: true });
  const server = await serveDirectory(PAGE, 0);
  const browser = await startBrowser();
  try {
    for (const shot of SHOTS) {
      const path = join(folder, `${shot.name}.webp`);
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
  const { width, height, scheme, fragment, prepare } = shot;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
  await page.goto(url + fragment);
  await page.waitForSelector('html[data-ready]', { timeout: READY_MS });
  await page.waitForFunction(() => document.querySelector('#now')?.textContent !== '');
  // What the run does under another kernel is said a little later.
  await page.waitForFunction(() => document.querySelector('.also')?.textContent !== '');
  await prepare?.(page);
  await page.waitForTimeout(500);
  writeFileSync(path, await picture(page));
  await page.close();
}

/** As WebP, as good as fits. */
async function picture(page: Page): Promise<Buffer> {
  const client = await page.context().newCDPSession(page);
  const { width, height } = page.viewportSize()!;
  const { x, y } = await page.evaluate(() => ({ x: scrollX, y: scrollY }));
  // A picture of a 4K screen is shown smaller than it anyway.
  const clip = { x, y, width, height, scale: width > LAPTOP.width ? 0.5 : 1 };
  for (const quality of QUALITIES) {
    const { data } = await client.send('Page.captureScreenshot', { format: 'webp', quality, clip });
    const bytes = Buffer.from(data, 'base64');
    if (bytes.length <= MOST_BYTES) return bytes;
  }
  throw new Error(`no picture of less than ${MOST_BYTES} bytes`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`screenshots: ${error.message}`);
  process.exitCode = 2;
}
