/** A tab of Chromium or of Firefox with one set of words, so that one test holds in both. */
import type { Page } from 'playwright-core';
import { CHROMIUM, PageHost } from './browser.ts';
import { FIREFOX, Firefox, type FirefoxTab, type Pinch } from './firefox.ts';

export type Tab = Pick<
  FirefoxTab,
  | 'addInitScript'
  | 'close'
  | 'evaluate'
  | 'goto'
  | 'keyboard'
  | 'pinch'
  | 'setViewportSize'
  | 'waitForFunction'
>;

export interface TabMaker {
  readonly name: string;
  readonly path: string | undefined;
  /** `url`: where the page is served. */
  start(): Promise<{ tab(): Promise<Tab>; stop(): Promise<void>; readonly url: string }>;
}

export const BROWSERS: readonly TabMaker[] = [
  {
    name: 'Chromium',
    path: CHROMIUM,
    start: async () => {
      const host = await PageHost.start();
      return {
        url: host.url,
        tab: async () => chromiumTab((await host.visit()).page),
        stop: () => host.stop(),
      };
    },
  },
  {
    name: 'Firefox',
    path: FIREFOX,
    start: async () => {
      const host = await PageHost.serve();
      const firefox = await Firefox.start();
      return {
        url: host.url,
        tab: () => firefox.tab(),
        stop: async () => {
          await firefox.stop();
          await host.stop();
        },
      };
    },
  },
];

function chromiumTab(page: Page): Tab {
  return {
    goto: async (url) => {
      await page.goto('about:blank');
      await page.goto(url);
    },
    addInitScript: async (source) => {
      await page.addInitScript(source);
    },
    evaluate: (work, given) => page.evaluate(work as never, given) as never,
    waitForFunction: async (test, given, options) => {
      await page.waitForFunction(test as never, given, { timeout: options?.timeout ?? 30_000 });
    },
    keyboard: { press: (key) => page.keyboard.press(key) },
    setViewportSize: (size) => page.setViewportSize(size),
    pinch: (pinch) => pinchChromium(page, pinch),
    close: () => page.context().close(),
  };
}

async function pinchChromium(page: Page, { x, y, from, to }: Pinch): Promise<void> {
  const client = await page.context().newCDPSession(page);
  const steps = 8;
  for (let i = 0; i <= steps; i += 1) {
    const apart = from + ((to - from) * i) / steps;
    const touchPoints = [-1, 1].map((side, id) => ({ x: x + (side * apart) / 2, y, id }));
    const type = i === 0 ? 'touchStart' : 'touchMove';
    await client.send('Input.dispatchTouchEvent', { type, touchPoints });
  }
  await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

/** Waits until the run on the page is over and its moment is shown. */
export async function runShown(tab: Tab): Promise<void> {
  const shown = (): boolean =>
    document.documentElement.hasAttribute('data-ready') &&
    document.querySelector('#now')?.textContent !== '' &&
    document.querySelector('.figures')?.textContent !== '';
  await tab.waitForFunction(shown, undefined, { timeout: 100_000 });
}

export async function textOf(tab: Tab, selector: string): Promise<string> {
  return tab.evaluate((wanted) => document.querySelector(wanted)?.textContent ?? '', selector);
}

export async function fieldOf(tab: Tab, selector: string): Promise<string> {
  return tab.evaluate(
    (wanted) => document.querySelector<HTMLInputElement>(wanted)!.value,
    selector,
  );
}

/** Types into a field or chooses of a list, as far as the page can tell. */
export async function setValue(tab: Tab, selector: string, value: string): Promise<void> {
  await tab.evaluate(
    (given) => {
      const field = document.querySelector<HTMLInputElement>(given.selector)!;
      field.value = given.value;
      field.dispatchEvent(new Event('input', { bubbles: true }));
      field.dispatchEvent(new Event('change', { bubbles: true }));
    },
    { selector, value },
  );
}

export async function click(tab: Tab, selector: string): Promise<void> {
  await tab.evaluate((wanted) => document.querySelector<HTMLElement>(wanted)!.click(), selector);
}

export async function drop(tab: Tab, files: Readonly<Record<string, string>>): Promise<void> {
  await tab.evaluate((given) => {
    const dataTransfer = new DataTransfer();
    for (const [name, text] of Object.entries(given)) {
      dataTransfer.items.add(new File([text], name));
    }
    const event = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
  }, files);
}

/** The text of a file that "Save" gives. */
export async function savedText(tab: Tab, name: string): Promise<string> {
  return tab.evaluate(async (wanted) => {
    const { createObjectURL } = URL;
    const { click: before } = HTMLAnchorElement.prototype;
    const blob = await new Promise<Blob>((resolve) => {
      URL.createObjectURL = (made: Blob) => {
        resolve(made);
        return createObjectURL.call(URL, made);
      };
      HTMLAnchorElement.prototype.click = () => undefined;
      const save = document.querySelector<HTMLSelectElement>('#save')!;
      save.value = wanted;
      save.dispatchEvent(new Event('change'));
    });
    URL.createObjectURL = createObjectURL;
    HTMLAnchorElement.prototype.click = before;
    return blob.text();
  }, name);
}
