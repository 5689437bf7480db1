// SPDX-License-Identifier: MIT
/**
 * A real Linux whose requests a model answers: boots it (or goes on from a saved state), gives it
 * its work, and waits for its end. Runs in Node and in browsers.
 */
import type { PreparedRun } from '../../loader/scenario/index.ts';
import type { Arrival } from '../../loader/session/index.ts';
import { UserChannel, type UserChannelReport } from '../port/user-channel.ts';
import { LinuxPc } from './linux-pc.ts';
import { ModelHost } from './model-host.ts';

export interface AskingGuestOptions {
  readonly wasm: WebAssembly.Module;
  readonly bios: Uint8Array;
  readonly bzImage: Uint8Array;
  readonly initramfs: Uint8Array;
  readonly commandLine: string;
  readonly memoryMb: number;
  readonly run: PreparedRun;
  /** A shell command; undefined: a person types. */
  readonly command?: string | undefined;
  /** A state to go on from, made by `onState` of an earlier boot of the same machine. */
  readonly state?: SavedState | undefined;
  /** The machine is ready for work for the first time: its state, to be kept. */
  readonly onState?: ((state: SavedState) => void) | undefined;
  readonly onConsole: (bytes: Uint8Array) => void;
  /** The guest was ready for work after so many milliseconds. */
  readonly onReady?: (ms: number) => void;
  /** Rows and columns of the terminal, if it has any. */
  readonly size?: () => readonly [number, number];
  /** Wall-clock limit until the guest asks for work, milliseconds. */
  readonly bootLimitMs?: number;
  readonly signal?: AbortSignal;
}

/** v86's state, and the window in which the guest's session waits. */
export interface SavedState {
  readonly window: number;
  readonly machine: ArrayBuffer;
}

/** `exit`: its session ended with `status`; `panic`, `boot`, `machine`: see `message`. */
export interface AskingGuestEnd {
  readonly how: 'exit' | 'panic' | 'boot' | 'machine' | 'aborted';
  readonly message: string;
  readonly status: number;
}

export interface AskingGuestResult extends AskingGuestEnd {
  readonly arrivals: readonly Arrival[];
  readonly channel: UserChannelReport;
  /** From the call to the guest's asking for work, milliseconds; undefined: it never did. */
  readonly readyMs: number | undefined;
  /** Console lines, the last ones. */
  readonly lastLines: readonly string[];
}

const BOOT_LIMIT_MS = 180_000;
const LAST_LINES = 24;
/** After a panic message the kernel prints the rest of its report. */
const AFTER_PANIC_MS = 300;
const encoder = new TextEncoder();

/** Handle of a running guest: what a terminal needs. */
export interface RunningGuest {
  /** Bytes a person typed. */
  type(bytes: Uint8Array): void;
  /** Ends the guest from outside. */
  stop(): void;
  readonly end: Promise<AskingGuestResult>;
}

/** Rejects when v86 cannot be made or does not take the state (then nothing has run). */
export async function startAskingGuest(options: AskingGuestOptions): Promise<RunningGuest> {
  const started = performance.now();
  let readyMs: number | undefined;
  let settle: (end: AskingGuestEnd) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const ended = new Promise<AskingGuestEnd>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  ended.catch(() => {});
  let panic: string | undefined;
  const lines = new LastLines(LAST_LINES, (line) => {
    if (!/Kernel panic - not syncing/.test(line)) return;
    panic = line;
    setTimeout(() => settle({ how: 'panic', message: line, status: 1 }), AFTER_PANIC_MS);
  });
  const size = (): string => (options.size?.() ?? [0, 0]).join(' ');
  const work = (): string => `${size()}\n${options.command ?? ''}`;
  const model = new ModelHost(options.run, {
    work: (give) => {
      readyMs = performance.now() - started;
      options.onReady?.(readyMs);
      const begin = (): void => {
        model.begin(channel.now);
        give(work());
      };
      if (options.onState === undefined) begin();
      // Not now: the processor is in the middle of an instruction.
      else setTimeout(() => void keepState(begin), 0);
    },
    exit: (status) => settle({ how: 'exit', message: `ended with status ${status}`, status }),
    size,
    failed: (error) => fail(error),
  });
  const channel = new UserChannel(model, () => performance.now());
  const pc = await LinuxPc.create({
    ...options,
    channel,
    onConsole: (byte) => {
      lines.put(byte);
      console.put(byte);
    },
    onEnd: (_how, message) => {
      // Not before the rest of a panic's report.
      if (panic === undefined) settle({ how: 'machine', message, status: 1 });
    },
    onHostError: (error) => fail(error),
  });
  const console = new ByteBatch(options.onConsole);

  async function keepState(then: () => void): Promise<void> {
    try {
      await pc.pause();
      const [window] = channel.openWindows();
      if (channel.openWindows().length === 1) {
        options.onState?.({ window: window!, machine: await pc.save() });
      }
      then();
      pc.run();
    } catch (error) {
      fail(error);
    }
  }

  if (options.state !== undefined) {
    try {
      await pc.restore(options.state.machine);
    } catch (error) {
      await pc.destroy();
      throw error;
    }
    const answer = channel.adopt(options.state.window);
    readyMs = performance.now() - started;
    options.onReady?.(readyMs);
    // The first poll sets the clock; what it waits for comes with the next.
    model.beginAtFirst(() => answer(0, encoder.encode(work())));
  }
  const limit = options.bootLimitMs ?? BOOT_LIMIT_MS;
  const timer = setTimeout(() => {
    const message = `no user space after ${Math.round(limit / 1000)} s`;
    if (readyMs === undefined) settle({ how: 'boot', message, status: 1 });
  }, limit);
  const abort = (): void => settle({ how: 'aborted', message: 'interrupted', status: 130 });
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted === true) abort();
  else pc.run();

  const end = ended
    .then((how) => {
      pc.halt();
      model.finish();
      console.flush();
      const { arrivals } = model;
      const lastLines = lines.last();
      return { ...how, arrivals, channel: channel.report(), readyMs, lastLines };
    })
    .finally(async () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      await pc.destroy();
    });
  return { type: (bytes) => pc.type(bytes), stop: abort, end };
}

/** Collects bytes for a moment: a terminal is not to be written to byte by byte. */
class ByteBatch {
  readonly #onBytes: (bytes: Uint8Array) => void;
  #bytes: number[] = [];
  #scheduled = false;

  constructor(onBytes: (bytes: Uint8Array) => void) {
    this.#onBytes = onBytes;
  }

  put(byte: number): void {
    this.#bytes.push(byte);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => this.flush(), 0);
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#bytes.length === 0) return;
    const bytes = Uint8Array.from(this.#bytes);
    this.#bytes = [];
    this.#onBytes(bytes);
  }
}

/** The last lines of a console, for the report of a guest that did not come up. */
class LastLines {
  readonly #most: number;
  readonly #onLine: (line: string) => void;
  readonly #lines: string[] = [];
  #line: number[] = [];

  constructor(most: number, onLine: (line: string) => void) {
    this.#most = most;
    this.#onLine = onLine;
  }

  put(byte: number): void {
    if (byte !== 10 && this.#line.length < 400) {
      if (byte !== 13) this.#line.push(byte);
      return;
    }
    const line = new TextDecoder().decode(Uint8Array.from(this.#line));
    this.#line = [];
    if (line === '') return;
    this.#lines.push(line);
    if (this.#lines.length > this.#most) this.#lines.shift();
    this.#onLine(line);
  }

  last(): readonly string[] {
    const rest = new TextDecoder().decode(Uint8Array.from(this.#line));
    return rest === '' ? this.#lines : [...this.#lines, rest];
  }
}
