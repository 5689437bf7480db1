/**
 * What the page costs: time of a frame while the storm of 255 CPUs plays, time to the first paint,
 * size of the scripts. Prints the figures with their limits; exit code 1 when one is over its own.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { InputError } from '../cli/input-error.ts';
import { serveDirectory } from '../cli/web-server.ts';
import { PAGE, startBrowser } from '../tools/browser.ts';

interface Figure {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: 'ms' | 'KB';
}

/** Seconds of playing that are measured. */
const PLAY_S = 10;
const READY_MS = 300_000;
/** Holds v86 and what boots it; loaded when a guest is. */
const GUEST_SCRIPT = /^boot-/;

async function main(): Promise<number> {
  const server = await serveDirectory(PAGE, 0);
  const browser = await startBrowser();
  try {
    const figures = [
      ...(await playing(browser, `${server.url}#run=first-boot&cpus=255&at=0ns`)),
      {
        what: 'first paint',
        value: await firstPaint(browser, server.url),
        limit: 1000,
        unit: 'ms',
      },
      { what: 'script, gzipped, without v86', value: scriptKb(PAGE), limit: 250, unit: 'KB' },
    ] satisfies Figure[];
    console.log(`${browser.version()}, software rendering, ${cpus().length} × ${cpus()[0]?.model}`);
    for (const { what, value, limit, unit } of figures) {
      const verdict = value <= limit ? 'ok' : 'OVER';
      console.log(
        `${what.padEnd(34)}${value.toFixed(1).padStart(8)} ${unit}  limit ${limit} ${unit}  ${verdict}`,
      );
    }
    return figures.every(({ value, limit }) => value <= limit) ? 0 : 1;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Median and 95th percentile of the time between frames while the run plays from its beginning. */
async function playing(browser: Browser, url: string): Promise<Figure[]> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(url);
  await page.waitForSelector('html[data-ready]', { timeout: READY_MS });
  const events = await page.textContent('.track-head p');
  const { gaps, painted } = await framesWhilePlaying(page);
  await page.close();
  console.log(`${events}: ${gaps.length} frames in ${PLAY_S} s, ${painted} pictures of the map`);
  const sorted = gaps.sort((a, b) => a - b);
  return [
    { what: 'frame time, median', value: quantile(sorted, 0.5), limit: 16.7, unit: 'ms' },
    { what: 'frame time, 95th percentile', value: quantile(sorted, 0.95), limit: 33, unit: 'ms' },
  ];
}

function framesWhilePlaying(page: Page): Promise<{ gaps: number[]; painted: number }> {
  return page.evaluate(async (seconds) => {
    const { prototype } = CanvasRenderingContext2D;
    const put = prototype.putImageData;
    let painted = 0;
    prototype.putImageData = function (this: CanvasRenderingContext2D, ...rest: unknown[]): void {
      painted += 1;
      Reflect.apply(put, this, rest);
    };
    document.querySelector<HTMLElement>('#play')?.click();
    const gaps: number[] = [];
    await new Promise<void>((resolve) => {
      const begun = performance.now();
      let last = begun;
      const tick = (now: number): void => {
        if (last !== begun) gaps.push(now - last);
        last = now;
        if (now - begun < seconds * 1000) requestAnimationFrame(tick);
        else resolve();
      };
      requestAnimationFrame(tick);
    });
    return { gaps, painted };
  }, PLAY_S);
}

/** Of a first visit with nothing cached. */
async function firstPaint(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  const paint = await page.waitForFunction(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  );
  const value = await paint.jsonValue();
  await context.close();
  return value ?? Number.POSITIVE_INFINITY;
}

function scriptKb(directory: string): number {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.js') && !GUEST_SCRIPT.test(name))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(directory, name))).length / 1000, 0);
}

/** To a tenth of a millisecond, the resolution of the browser's clock. */
function quantile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return value === undefined ? Number.NaN : Math.round(value * 10) / 10;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`bench:web: ${error.message}`);
  process.exitCode = 2;
}
