// SPDX-License-Identifier: MIT
/** Boots a guest image in v86 and serves its module port from a session. */
import type { PortSession } from '../../loader/session/index.ts';
import { ModulePortDevice } from '../port/device.ts';
import type { PortLimits, PortReport } from '../port/port-report.ts';
import { MAX_RING_ORDER, PORT_BASE, PORT_IRQ, PORT_SIZE } from '../port/protocol.ts';
import { GuestMachine } from '../v86/guest-machine.ts';
import { readMultiboot } from '../v86/multiboot.ts';
import { SerialConsole } from '../v86/serial-console.ts';

/** When a guest is given up. */
export interface GuestLimits extends PortLimits {
  /** Guest time without a request, a completion or a byte printed, milliseconds. */
  readonly stallMs: number;
  /** Guest time in all, milliseconds; 0 for no limit. */
  readonly timeoutMs: number;
  /** Bytes of console kept; a guest that prints more is given up. */
  readonly consoleBytes: number;
}

export interface BootOptions {
  /** v86.wasm, compiled: `loadV86Wasm()` of node-host.ts in Node. */
  readonly wasm: WebAssembly.Module;
  /** A multiboot image. */
  readonly image: Uint8Array;
  readonly session: PortSession;
  /** Guest memory, MiB. */
  readonly memoryMb?: number;
  /** Compile the guest's code; off by default, short guests start sooner without. */
  readonly jit?: boolean;
  /** Console text as it comes. */
  readonly onConsole?: (text: string) => void;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<GuestLimits>;
}

/**
 * How a guest ended: it said so; it halted without saying so; it stalled or took too long; the
 * caller aborted it; it misused the port or the console; or v86 could not go on with it.
 */
export type GuestExit = 'done' | 'halt' | 'timeout' | 'aborted' | 'misuse' | 'fault';

export interface BootResult {
  readonly exit: GuestExit;
  /** The end in one sentence. */
  readonly message: string;
  readonly console: string;
  readonly port: PortReport;
  /** From the call of `bootGuest` until the guest ran, host milliseconds. */
  readonly readyMs: number;
  /** From the call of `bootGuest` until the first completion was posted; undefined if none was. */
  readonly firstRequestMs?: number;
  /** From the call of `bootGuest` to the end. */
  readonly totalMs: number;
}

/** The image cannot be booted, or not in the machine asked for. */
export class GuestImageError extends Error {
  override readonly name = 'GuestImageError';
}

const DEFAULT_LIMITS: Omit<GuestLimits, keyof PortLimits> = {
  stallMs: 30_000,
  timeoutMs: 0,
  consoleBytes: 16 * 2 ** 20,
};
const DEFAULT_MEMORY_MB = 16;
const MIN_MEMORY_MB = 2;
/** What v86's 32-bit memory can hold with room for itself. */
const MAX_MEMORY_MB = 1024;
const WATCH_MS = 100;
const LOOK_MS = 1000;

/**
 * Boots the guest and waits for its end. Rejects with `GuestImageError` when the image or the
 * machine is impossible, and with the session's own error when the session throws; everything a
 * guest can do is a result.
 */
export async function bootGuest(options: BootOptions): Promise<BootResult> {
  const start = performance.now();
  const memoryMb = options.memoryMb ?? DEFAULT_MEMORY_MB;
  if (!Number.isInteger(memoryMb) || memoryMb < MIN_MEMORY_MB || memoryMb > MAX_MEMORY_MB) {
    throw new GuestImageError(
      `guest memory: expected ${MIN_MEMORY_MB} to ${MAX_MEMORY_MB} MiB, found ${memoryMb}`,
    );
  }
  const checked = readMultiboot(options.image, memoryMb * 2 ** 20);
  if (!checked.ok) throw new GuestImageError(checked.message);
  const { contexts } = options.session;
  if (contexts > 1 << MAX_RING_ORDER) {
    throw new GuestImageError(
      `module port: expected at most ${1 << MAX_RING_ORDER} contexts, found ${contexts}`,
    );
  }
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const end = new GuestEnd(() => machine.halt());
  const console = new SerialConsole(limits.consoleBytes, options.onConsole);
  const machine: GuestMachine = await GuestMachine.create({
    wasm: options.wasm,
    image: options.image,
    memoryBytes: memoryMb * 2 ** 20,
    jit: options.jit ?? false,
    onConsole: (byte) => {
      console.put(byte);
      if (console.overflown) {
        end.set('misuse', `the guest printed more than ${limits.consoleBytes} bytes`);
      }
    },
    onEnd: (how, message) => {
      if (how === 'halt') end.set('halt', `${message} without saying that it was done`);
      else if (how === 'fault') end.set('fault', `v86 cannot go on: ${message}`);
      else end.set('misuse', message);
    },
    onDeviceError: (error) => end.fail(error),
  });
  let firstRequestMs: number | undefined;
  const device = new ModulePortDevice({
    memory: machine.memory,
    session: options.session,
    limits: options.limits ?? {},
    host: {
      raiseIrq: () => machine.raiseIrq(PORT_IRQ),
      lowerIrq: () => machine.lowerIrq(PORT_IRQ),
      firstCompletion: () => {
        firstRequestMs = performance.now() - start;
      },
      done: (status) => end.set('done', `the guest finished with status ${status}`),
      stopped: (reason) => end.set('misuse', reason),
    },
  });
  const watch = watchProgress(() => device.progress + console.count, limits, end);
  const abort = (): void => end.set('aborted', 'interrupted');
  options.signal?.addEventListener('abort', abort);
  try {
    if (options.signal?.aborted === true) abort();
    machine.plug(PORT_BASE, PORT_SIZE, device);
    const readyMs = performance.now() - start;
    if (!end.reached) machine.run();
    const { exit, message } = await end.promise;
    return {
      exit,
      message,
      console: console.text(),
      port: device.report(),
      readyMs,
      ...(firstRequestMs === undefined ? {} : { firstRequestMs }),
      totalMs: performance.now() - start,
    };
  } finally {
    clearInterval(watch);
    options.signal?.removeEventListener('abort', abort);
    await machine.destroy();
  }
}

/** The first reason a guest's run ends for. */
class GuestEnd {
  readonly promise: Promise<{ readonly exit: GuestExit; readonly message: string }>;
  reached = false;
  #resolve: (end: { exit: GuestExit; message: string }) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  readonly #onReached: () => void;

  constructor(onReached: () => void) {
    this.#onReached = onReached;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A failure before anybody waits is not lost: `await` sees it later.
    this.promise.catch(() => {});
  }

  set(exit: GuestExit, message: string): void {
    this.reached = true;
    this.#onReached();
    this.#resolve({ exit, message });
  }

  fail(error: unknown): void {
    this.reached = true;
    this.#onReached();
    this.#reject(error);
  }
}

/**
 * Ends a run that stalls or takes too long. A look counts for the time since the last one, but for
 * no more than LOOK_MS: between two looks the session may have worked for long, which is not the
 * guest's fault.
 */
function watchProgress(
  progress: () => number,
  limits: { readonly stallMs: number; readonly timeoutMs: number },
  end: GuestEnd,
): ReturnType<typeof setInterval> {
  let last = progress();
  let looked = performance.now();
  let stillMs = 0;
  let totalMs = 0;
  return setInterval(() => {
    const now = performance.now();
    const passed = Math.min(now - looked, LOOK_MS);
    looked = now;
    totalMs += passed;
    stillMs = progress() === last ? stillMs + passed : 0;
    last = progress();
    if (stillMs >= limits.stallMs) {
      end.set('timeout', `the guest asked for nothing for ${limits.stallMs} ms`);
    } else if (limits.timeoutMs > 0 && totalMs >= limits.timeoutMs) {
      end.set('timeout', `the guest was not done after ${limits.timeoutMs} ms`);
    }
  }, WATCH_MS);
}
