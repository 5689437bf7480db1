/**
 * What the page costs: time of a frame while a run plays and while its tracks are dragged, time of
 * a seek, memory, time to the first paint and to the answer, size of the scripts. Prints the
 * figures with their limits; exit code 1 when one is over its own. `--large` adds runs of millions
 * of events, which take minutes to make.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
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
  readonly unit: 'ms' | 'KB' | 'MB';
}

interface Scale {
  readonly fragment: string;
  /** Megabytes the largest may take. */
  readonly memory?: number;
}

/** Seconds of playing and of dragging that are measured. */
const MEASURED_S = 8;
const READY_MS = 900_000;
const SEEKS = 20;
/** Holds v86 and what boots it; loaded when a guest is. */
const GUEST_SCRIPT = /^boot-/;

const SCALES: readonly Scale[] = [{ fragment: '#run=first-boot&cpus=255&by=replay&at=0ns' }];
const LARGE: readonly Scale[] = [
  { fragment: '#run=published-255&by=replay&at=0ns' },
  { fragment: '#run=published-cpufreq-1536&by=replay&at=0ns', memory: 900 },
];

async function main(args: readonly string[]): Promise<number> {
  const scales = args.includes('--large') ? [...SCALES, ...LARGE] : SCALES;
  const server = await serveDirectory(PAGE, 0);
  const browser = await startBrowser();
  try {
    const [load = 0] = loadavg();
    console.log(
      `${browser.version()}, software rendering, ${cpus().length} × ${cpus()[0]?.model}, load ${load.toFixed(1)}`,
    );
    const figures = await opening(browser, server.url);
    figures.push({
      what: 'script, gzipped, without v86',
      value: scriptKb(PAGE),
      limit: 300,
      unit: 'KB',
    });
    figures.forEach(print);
    for (const scale of scales) {
      const measured = await run(browser, server.url, scale);
      measured.forEach(print);
      figures.push(...measured);
    }
    return figures.every(({ value, limit }) => value <= limit) ? 0 : 1;
  } finally {
    await browser.close();
    await server.close();
  }
}

function print({ what, value, limit, unit }: Figure): void {
  const verdict = value <= limit ? 'ok' : 'OVER';
  console.log(
    `${what.padEnd(38)}${value.toFixed(1).padStart(8)} ${unit}  limit ${limit} ${unit}  ${verdict}`,
  );
}

async function run(browser: Browser, url: string, { fragment, memory }: Scale): Promise<Figure[]> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(url + fragment);
  await page.waitForSelector('html[data-ready]', { timeout: READY_MS });
  console.log(`${await page.textContent('.track-head p')}:`);
  const playing = await frames(page, () => document.querySelector<HTMLElement>('#play')?.click());
  await page.keyboard.press(' ');
  await page.keyboard.press('w');
  await page.keyboard.press('w');
  const dragging = await frames(page, drag);
  const figures: Figure[] = [
    ...quantiles('frame while playing', playing),
    ...quantiles('frame while dragging', dragging),
    { what: 'seek, median', value: await seeks(page), limit: 100, unit: 'ms' },
  ];
  if (memory !== undefined) {
    figures.push({ what: 'memory', value: await megabytes(page), limit: memory, unit: 'MB' });
  }
  await page.close();
  return figures;
}

function quantiles(what: string, gaps: number[]): Figure[] {
  const sorted = gaps.sort((a, b) => a - b);
  return [
    { what: `${what}, median`, value: quantile(sorted, 0.5), limit: 16.7, unit: 'ms' },
    { what: `${what}, 95th`, value: quantile(sorted, 0.95), limit: 25, unit: 'ms' },
  ];
}

/** Gaps between frames after `begin` was called in the page, in milliseconds. */
async function frames(page: Page, begin: () => void): Promise<number[]> {
  await page.evaluate(begin);
  return page.evaluate(async (seconds) => {
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
    return gaps;
  }, MEASURED_S);
}

/** Turns a wheel sideways over the tracks, a step each frame, to and fro. Runs in the page. */
function drag(): void {
  const scroller = document.querySelector('run-timeline .scroller');
  const begun = performance.now();
  const turn = (now: number): void => {
    const deltaX = Math.sin((now - begun) / 700) * 14;
    scroller?.dispatchEvent(new WheelEvent('wheel', { deltaX, cancelable: true, bubbles: true }));
    if (now - begun < 9000) requestAnimationFrame(turn);
  };
  requestAnimationFrame(turn);
}

/** Median time from a jump in time to the picture of it. */
async function seeks(page: Page): Promise<number> {
  // What still runs from the drag is over first.
  await page.waitForTimeout(1500);
  const times = await page.evaluate(async (count) => {
    const charts = document.querySelector('time-charts')!;
    const end = Number(charts.getAttribute('aria-valuemax'));
    const event = document.querySelector('#event')!;
    const taken: number[] = [];
    for (let i = 1; i <= count; i += 1) {
      // Places far from each other, the same in every run.
      const t = Math.floor(((i * 0.618) % 1) * end);
      const before = event.textContent;
      const begun = performance.now();
      charts.dispatchEvent(new CustomEvent('seek', { detail: t }));
      while (event.textContent === before && performance.now() - begun < 2000) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      taken.push(performance.now() - begun);
    }
    return taken;
  }, SEEKS);
  return quantile(
    times.sort((a, b) => a - b),
    0.5,
  );
}

/** Of the page and its worker; Chromium measures both where the page is isolated, else its heap. */
async function megabytes(page: Page): Promise<number> {
  const client = await page.context().newCDPSession(page);
  const { processInfo } = await (await page.context().browser()!.newBrowserCDPSession()).send(
    'SystemInfo.getProcessInfo',
  );
  await client.detach();
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  return Math.max(...renderers.map(({ id }) => residentMb(id)));
}

/** Resident memory of a process, in megabytes (proc_pid_status(5)). */
function residentMb(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kb) * 1024) / 1e6;
}

/** Of a first visit with nothing cached: what is painted, and when the answer stands there. */
async function opening(browser: Browser, url: string): Promise<Figure[]> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  const answer = await page.waitForFunction(() => {
    const box = document.querySelector<HTMLElement>('#headline');
    return box !== null && !box.hidden && performance.now();
  });
  const paint = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  );
  const figures: Figure[] = [
    { what: 'first paint', value: paint ?? Number.POSITIVE_INFINITY, limit: 500, unit: 'ms' },
    {
      what: 'answer after opening',
      value: Number(await answer.jsonValue()),
      limit: 2000,
      unit: 'ms',
    },
  ];
  await context.close();
  return figures;
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
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`bench:web: ${error.message}`);
  process.exitCode = 2;
}
