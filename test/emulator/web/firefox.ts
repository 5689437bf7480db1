/** Debian's Firefox, driven over WebDriver BiDi (https://w3c.github.io/webdriver-bidi/). */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TextSocket } from './web-socket.ts';

export const FIREFOX = ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find(existsSync);

/** Nothing leaves this machine, nothing is asked. */
const PREFS = {
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.disable_open_during_load': false,
  'extensions.systemAddon.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'remote.prefs.recommended': true,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
};

const START_MS = 90_000;

interface Answer {
  readonly id?: number;
  readonly type: 'success' | 'error' | 'event';
  readonly result?: unknown;
  readonly message?: string;
}

interface Evaluated {
  readonly type: 'success' | 'exception';
  readonly result: { readonly value?: string };
  readonly exceptionDetails?: { readonly text: string };
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface Pinch {
  readonly x: number;
  readonly y: number;
  /** How far apart the fingers are, before and after. */
  readonly from: number;
  readonly to: number;
}

export class Firefox {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, Waiting>();
  #socket!: TextSocket;
  #sent = 0;

  private constructor(process: ChildProcess, profile: string) {
    this.#process = process;
    this.#profile = profile;
  }

  static async start(): Promise<Firefox> {
    const profile = mkdtempSync(join(tmpdir(), 'modstorm-firefox-'));
    const prefs = Object.entries(PREFS).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
    );
    writeFileSync(join(profile, 'user.js'), prefs.join(''));
    const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0'];
    const child = spawn(FIREFOX!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const firefox = new Firefox(child, profile);
    try {
      const url = await listening(child);
      firefox.#socket = await TextSocket.open(`${url.replace(/^ws/, 'http')}/session`, (text) =>
        firefox.#hear(JSON.parse(text) as Answer),
      );
      await firefox.send('session.new', { capabilities: {} });
    } catch (error) {
      await firefox.stop();
      throw error;
    }
    return firefox;
  }

  async stop(): Promise<void> {
    this.#socket?.close();
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    if (this.#process.exitCode === null && this.#process.kill()) await gone;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  /** A tab in a fresh container, so that nothing of another tab's storage is in it. */
  async tab(): Promise<FirefoxTab> {
    const { userContext } = (await this.send('browser.createUserContext', {})) as {
      userContext: string;
    };
    const { context } = (await this.send('browsingContext.create', {
      type: 'tab',
      userContext,
    })) as { context: string };
    return new FirefoxTab(this, context, userContext);
  }

  send(method: string, params: object): Promise<unknown> {
    this.#sent += 1;
    const id = this.#sent;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #hear({ id, type, result, message }: Answer): void {
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || waiting === undefined) return;
    this.#waiting.delete(id);
    if (type === 'success') waiting.resolve(result);
    else waiting.reject(new Error(message ?? 'an error without a message'));
  }
}

/** What tests do with a tab, in the words Playwright has for the same. */
export class FirefoxTab {
  readonly #firefox: Firefox;
  readonly #context: string;
  readonly #userContext: string;

  constructor(firefox: Firefox, context: string, userContext: string) {
    this.#firefox = firefox;
    this.#context = context;
    this.#userContext = userContext;
  }

  readonly keyboard = {
    press: async (key: string): Promise<void> => {
      await this.#perform({
        type: 'key',
        id: 'keyboard',
        actions: [
          { type: 'keyDown', value: key },
          { type: 'keyUp', value: key },
        ],
      });
    },
  };

  async goto(url: string): Promise<void> {
    // A change of the fragment alone would load nothing anew.
    await this.#send('browsingContext.navigate', { url: 'about:blank', wait: 'complete' });
    await this.#send('browsingContext.navigate', { url, wait: 'complete' });
  }

  /** Runs a script in every page before the page's own. */
  async addInitScript(source: string): Promise<void> {
    await this.#firefox.send('script.addPreloadScript', {
      functionDeclaration: `() => { ${source} }`,
      contexts: [this.#context],
    });
  }

  /** Two fingers on a level line draw apart (or together) about a point, CSS pixels. */
  async pinch({ x, y, from, to }: Pinch): Promise<void> {
    const finger = (id: string, side: -1 | 1): object => ({
      type: 'pointer',
      id,
      parameters: { pointerType: 'touch' },
      actions: [
        { type: 'pointerMove', x: Math.round(x + (side * from) / 2), y: Math.round(y) },
        { type: 'pointerDown', button: 0 },
        {
          type: 'pointerMove',
          x: Math.round(x + (side * to) / 2),
          y: Math.round(y),
          duration: 200,
        },
        { type: 'pointerUp', button: 0 },
      ],
    });
    const actions = [finger('left', -1), finger('right', 1)];
    await this.#send('input.performActions', { actions });
  }

  async setViewportSize(viewport: { width: number; height: number }): Promise<void> {
    await this.#send('browsingContext.setViewport', { viewport });
  }

  /** Runs a function in the page; what it takes and gives goes over as JSON. */
  async evaluate<A, R>(work: (given: A) => R, given?: A): Promise<Awaited<R>> {
    const call = `(${work.toString()})(${given === undefined ? 'undefined' : JSON.stringify(given)})`;
    const done = (await this.#firefox.send('script.evaluate', {
      expression: `Promise.resolve(${call}).then((v) => JSON.stringify(v === undefined ? null : v))`,
      target: { context: this.#context },
      awaitPromise: true,
    })) as Evaluated;
    if (done.type === 'exception') throw new Error(done.exceptionDetails?.text);
    return JSON.parse(done.result.value!) as Awaited<R>;
  }

  async waitForFunction<A>(
    test: (given: A) => unknown,
    given?: A,
    { timeout = 30_000 } = {},
  ): Promise<void> {
    const until = performance.now() + timeout;
    for (;;) {
      if (await this.evaluate(test, given)) return;
      if (performance.now() > until) throw new Error(`waited ${timeout} ms for ${test}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async close(): Promise<void> {
    await this.#send('browsingContext.close', {});
    await this.#firefox.send('browser.removeUserContext', { userContext: this.#userContext });
  }

  #perform(source: object): Promise<unknown> {
    return this.#send('input.performActions', { actions: [source] });
  }

  #send(method: string, params: object): Promise<unknown> {
    return this.#firefox.send(method, { context: this.#context, ...params });
  }
}

/** Where the browser listens, as it says on stderr. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error(`Firefox did not start: ${said}`)), START_MS);
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      said = (said + chunk).slice(-4000);
      const url = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(said)?.[1];
      if (url === undefined) return;
      clearTimeout(late);
      resolve(url);
    });
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`Firefox ended with ${code}: ${said}`));
    });
  });
}
