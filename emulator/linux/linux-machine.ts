// SPDX-License-Identifier: MIT
// Boots a Linux kernel with our init, in v86 or another emulator, and runs a list of operations in it.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConsoleParser } from './console-parser.ts';
import type { LinuxGuestFiles } from './guest-cache.ts';
import type { GuestHost, HostedGuest } from './guest-host.ts';
import { encodeOps, type GuestOp } from './guest-ops.ts';
import { buildInitramfs, type InitramfsEntry } from './initramfs.ts';
import { type LinuxOutcome, type LinuxRun, LinuxRunCollector } from './linux-run.ts';
import { V86_HOST } from './v86-host.ts';

/** After a panic message the kernel prints the rest of its report. */
const AFTER_PANIC_MS = 300;
const DEFAULT_TIMEOUT_MS = 120_000;

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
  /** The emulator; v86 unless told. */
  readonly host?: GuestHost;
  /** CPUs; those of v86 are one. */
  readonly cpus?: number;
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
  const host = options.host ?? V86_HOST;
  const memoryMb = options.memoryMb ?? host.memoryMb;
  const nonce = randomBytes(6).toString('hex');
  const list = encodeOps(options.ops, nonce);
  const initramfs = initramfsOf(options, list.text);
  host.checkMemory(memoryMb, initramfs.length);

  const collector = new LinuxRunCollector(list.lines);
  const started = performance.now();
  let userSpaceMs: number | null = null;
  let emulator: HostedGuest | null = null;
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
      emulator = host.start({
        kernel: options.guest.bzImage,
        bios: options.guest.bios,
        initramfs,
        commandLine: commandLineOf(options),
        memoryMb,
        cpus: options.cpus ?? 1,
        onByte(byte) {
          // An exception here would leave the emulator running and never end the boot.
          try {
            parser.byte(byte);
          } catch (error) {
            ending.settle('failed', `host: ${String(error)}`);
          }
        },
        onFailure: (reason) => ending.settle('panic', reason),
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
    await emulator?.stop();
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
