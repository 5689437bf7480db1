// SPDX-License-Identifier: MIT
// Boots a Linux kernel with our init in v86 under Node and runs a list of operations in it.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { V86 } from 'v86';
import type { V86Exports } from '../v86/internals.ts';
import { ConsoleParser } from './console-parser.ts';
import type { LinuxGuestFiles } from './guest-cache.ts';
import { GuestClock } from './guest-clock.ts';
import { encodeOps, type GuestOp } from './guest-ops.ts';
import { buildInitramfs, type InitramfsEntry } from './initramfs.ts';
import { type LinuxOutcome, type LinuxRun, LinuxRunCollector } from './linux-run.ts';

/** v86 puts the initrd at 64 MiB (src/kernel.js); memory must reach beyond its end. */
const INITRD_BYTES = 64 << 20;
const MIB = 1 << 20;
/** After a panic message the kernel prints the rest of its report. */
const AFTER_PANIC_MS = 300;
const DEFAULT_TIMEOUT_MS = 120_000;
/** With more than about 880 MiB an i386 kernel uses highmem and the default 120 MiB window. */
const DEFAULT_MEMORY_MB = 1024;

export interface LinuxGuestOptions {
  readonly guest: LinuxGuestFiles;
  readonly ops: readonly GuestOp[];
  /** Files to be there from the start, by absolute path. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
  /** Lines of /etc/modprobe.list (guest-images/linux/PROTOCOL.md, "modprobe"). */
  readonly modprobeList?: readonly string[];
  /** Absolute paths where the modprobe helper lies as well; their names begin with `modprobe`. */
  readonly programs?: readonly string[];
  readonly memoryMb?: number;
  /** `vmalloc=` on the command line: the window is exactly this many MiB. */
  readonly vmallocMb?: number;
  /**
   * False leaves the same window and no highmem pages. Multi-page gzip modules need that: Linux 6.12
   * unmaps the pointer zlib has moved on (module_gzip_decompress, kernel/module/decompress.c), which
   * on highmem pages warns and loads garbage.
   */
  readonly highmem?: boolean;
  /** Added to the kernel's command line. */
  readonly commandLine?: string;
  /** Wall-clock limit of the whole boot. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Console text outside records, line by line, as it comes. */
  readonly onConsole?: (line: string) => void;
  /** Called now and then with how many lines of the list have begun. */
  readonly onProgress?: (begun: number, of: number) => void;
}

/**
 * One boot from power-on to the end of the list. Never rejects for what the guest does: a panic, a
 * hang or an abort is an outcome, with everything up to there. Rejects with a RangeError for
 * operations or sizes that cannot be run, and for a missing file of the guest.
 */
export async function runLinuxGuest(options: LinuxGuestOptions): Promise<LinuxRun> {
  const { signal } = options;
  const memoryMb = options.memoryMb ?? DEFAULT_MEMORY_MB;
  const nonce = randomBytes(6).toString('hex');
  const list = encodeOps(options.ops, nonce);
  const initramfs = initramfsOf(options, list.text);
  if (memoryMb * MIB < INITRD_BYTES + initramfs.length + 16 * MIB || memoryMb > 2048)
    throw new RangeError(
      `a guest of ${memoryMb} MiB cannot hold an initramfs of ${Math.ceil(initramfs.length / MIB)} MiB at 64 MiB`,
    );

  const collector = new LinuxRunCollector(list.lines);
  const started = performance.now();
  let userSpaceMs: number | null = null;
  let emulator: V86 | null = null;
  const ending = new Ending();

  const parser = new ConsoleParser(nonce, {
    record(record) {
      collector.record(record);
      if (record.kind === 'hello') {
        userSpaceMs = performance.now() - started;
        if (record.ops < 0) ending.settle('failed', `init could not read its list: ${record.ops}`);
      } else if (record.kind === 'begin') options.onProgress?.(record.line, list.lines.length);
      else if (record.kind === 'done') ending.settle('done', '');
    },
    text(line, damaged) {
      const before = collector.panic;
      collector.text(line, damaged);
      options.onConsole?.(line);
      if (before === null && collector.panic !== null)
        ending.after(AFTER_PANIC_MS, 'panic', collector.panic);
    },
  });

  const onAbort = (): void => ending.settle('aborted', 'aborted');
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  ending.after(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, 'timeout', 'took too long');
  try {
    if (!signal?.aborted) {
      emulator = startEmulator(options, memoryMb, initramfs, (error) =>
        ending.settle('panic', `the processor cannot go on: ${String(error)}`),
      );
      emulator.add_listener('serial0-output-byte', (byte: number) => {
        // An exception here would leave the emulator running and never end the boot.
        try {
          parser.byte(byte);
        } catch (error) {
          ending.settle('failed', `host: ${String(error)}`);
        }
      });
    }
    const { outcome, reason } = await ending.promise;
    parser.end();
    const where =
      outcome === 'done' || collector.ops === null
        ? ''
        : ` (operation line ${collector.lastBegun})`;
    return collector.finish(
      outcome,
      outcome !== 'done' && collector.ops === null
        ? `${reason}, before user space`
        : reason + where,
      userSpaceMs,
      performance.now() - started,
    );
  } finally {
    signal?.removeEventListener('abort', onAbort);
    ending.close();
    await emulator?.destroy();
  }
}

/** The first reason to end wins; timers are cleared with it. */
class Ending {
  readonly promise: Promise<{ outcome: LinuxOutcome; reason: string }>;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #resolve: (value: { outcome: LinuxOutcome; reason: string }) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  settle(outcome: LinuxOutcome, reason: string): void {
    this.#resolve({ outcome, reason });
  }

  after(ms: number, outcome: LinuxOutcome, reason: string): void {
    this.#timers.push(setTimeout(() => this.settle(outcome, reason), ms));
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

function initramfsOf(options: LinuxGuestOptions, ops: string): Uint8Array {
  const init = new Uint8Array(readFileSync(options.guest.init));
  const encoder = new TextEncoder();
  const entries = new Map<string, InitramfsEntry>([
    ['/dev/console', { type: 'character', major: 5, minor: 1 }],
    ['/init', { type: 'file', data: init, mode: 0o755 }],
    ['/sbin/modprobe', { type: 'file', data: init, mode: 0o755 }],
    ['/ops', { type: 'file', data: encoder.encode(ops) }],
    [
      '/etc/modprobe.list',
      {
        type: 'file',
        data: encoder.encode((options.modprobeList ?? []).map((l) => `${l}\n`).join('')),
      },
    ],
  ]);
  for (const path of options.programs ?? [])
    entries.set(path, { type: 'file', data: init, mode: 0o755 });
  for (const directory of ['/proc', '/sys', '/tmp', '/run'])
    entries.set(directory, { type: 'directory' });
  for (const [path, data] of options.files ?? []) entries.set(path, { type: 'file', data });
  return buildInitramfs(entries);
}

/**
 * `loglevel=2` keeps the serial line to our records and to what precedes a crash, `oops=panic` makes
 * any crash an outcome, and expedited RCU spares the wait for timer ticks of an idle machine. Without
 * a limit on drivers that wait for others no kernel worker sleeps ten seconds after the boot, and no
 * further worker is made for it, which would not go before other tasks.
 */
function commandLineOf(options: LinuxGuestOptions): string {
  const words = [
    'console=ttyS0',
    'loglevel=2',
    'printk.devkmsg=on',
    'no_hash_pointers',
    'nokaslr',
    'oops=panic',
    'tsc=reliable',
    'rcupdate.rcu_expedited=1',
    'deferred_probe_timeout=0',
  ];
  if (options.vmallocMb !== undefined) words.push(`vmalloc=${options.vmallocMb}M`);
  if (options.highmem === false) words.push('highmem=0');
  if (options.commandLine !== undefined) words.push(options.commandLine);
  return words.join(' ');
}

/** A processor that failed does nothing in its turns, which v86 needs to stop it. */
const IDLE_TURN_MS = 10;

/**
 * A guest that has destroyed its page tables makes v86 overflow its stack instead of resetting the
 * machine; without a hold on it the exception would end the whole process.
 */
function guarded(exports: V86Exports, onFailure: (error: unknown) => void): WebAssembly.Exports {
  let failed = false;
  const main_loop = (): number => {
    if (failed) return IDLE_TURN_MS;
    try {
      return exports.main_loop();
    } catch (error) {
      failed = true;
      onFailure(error);
      return IDLE_TURN_MS;
    }
  };
  return { ...exports, main_loop };
}

function startEmulator(
  options: LinuxGuestOptions,
  memoryMb: number,
  initramfs: Uint8Array,
  onFailure: (error: unknown) => void,
): V86 {
  const require = createRequire(import.meta.url);
  const { guest } = options;
  const wasm = readFileSync(require.resolve('v86/build/v86.wasm'));
  const clock = new GuestClock();
  const emulator = new V86({
    wasm_fn: async (imports: WebAssembly.Imports) => {
      const { instance } = await WebAssembly.instantiate(wasm, clock.imports(imports));
      return guarded(clock.exports(instance.exports as V86Exports), onFailure);
    },
    memory_size: memoryMb * MIB,
    vga_memory_size: MIB,
    bios: { buffer: copyOf(readFileSync(guest.bios)) },
    bzimage: { buffer: copyOf(readFileSync(guest.bzImage)) },
    initrd: { buffer: copyOf(initramfs) },
    cmdline: commandLineOf(options),
    autostart: true,
    fastboot: true,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    acpi: false,
  } as ConstructorParameters<typeof V86>[0]);
  emulator.add_listener('emulator-ready', () => {
    const { v86 } = emulator as unknown as { readonly v86: object };
    GuestClock.dispatch(v86.constructor as unknown as { microtick: () => number });
  });
  return emulator;
}

/** v86 keeps and changes the buffers it is given, and takes whole ArrayBuffers only. */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}
