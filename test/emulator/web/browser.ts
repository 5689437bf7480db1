/** A browser for tests of the page: Debian's Chromium, where it is installed. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { buildWeb } from '../../../scripts/build-web.mjs';
import { serveDirectory, type WebServer } from '../../../scripts/cli/web-server.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-headless-shell'].find(existsSync);

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page, and what went wrong on it that nobody asked for. */
export interface Visit {
  readonly page: Page;
  readonly complaints: string[];
}

export class PageHost {
  readonly #directory: string;
  readonly #server: WebServer;
  readonly #browser: Browser | undefined;

  private constructor(directory: string, server: WebServer, browser?: Browser) {
    this.#directory = directory;
    this.#server = server;
    this.#browser = browser;
  }

  /** Builds the page from the sources of now, serves it and starts the browser. */
  static async start(): Promise<PageHost> {
    const { directory, server } = await built();
    // Playwright gives each launch a fresh profile of its own.
    const browser = await chromium.launch({ executablePath: CHROMIUM!, args: FLAGS });
    return new PageHost(directory, server, browser);
  }

  /** As start, for a browser that someone else starts. */
  static async serve(): Promise<PageHost> {
    const { directory, server } = await built();
    return new PageHost(directory, server);
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#server.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get url(): string {
    return this.#server.url;
  }

  /** Opens the page in a fresh profile, without a run unless the fragment says so; console errors and foreign requests become complaints. */
  async visit(fragment = '#stage', options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await this.#browser!.newContext({ acceptDownloads: true, ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        complaints.push(`${message.type()}: ${message.text()}`);
      }
    });
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      const own = origin === new URL(this.url).origin || ['blob:', 'data:'].includes(protocol);
      if (!own) complaints.push(`request to ${request.url()}`);
    });
    page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        console.error(`forbidden by ${violatedDirective}: ${blockedURI}`);
      });
    });
    await page.goto(this.url + fragment);
    return { page, complaints };
  }
}

async function built(): Promise<{ directory: string; server: WebServer }> {
  const directory = mkdtempSync(join(tmpdir(), 'modstorm-web-'));
  await buildWeb(ROOT, directory);
  return { directory, server: await serveDirectory(directory, 0) };
}

/** Waits until the run on the page is over and can be looked at. */
export async function ready(page: Page): Promise<void> {
  await page.waitForSelector('html[data-ready]', { timeout: 100_000 });
  await page.waitForFunction(() => document.querySelector('#now')?.textContent !== '');
}

/** The text of the file that "Save" gives. */
export async function saved(page: Page, name: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.selectOption('#save', name),
  ]);
  const stream = await download.createReadStream();
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Drops files of these names and texts on the page. */
export async function dropFiles(page: Page, files: Readonly<Record<string, string>>) {
  const transfer = await page.evaluateHandle((given) => {
    const made = new DataTransfer();
    for (const [name, text] of Object.entries(given)) made.items.add(new File([text], name));
    return made;
  }, files);
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}
