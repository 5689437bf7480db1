// SPDX-License-Identifier: MIT
import type { DuplicateRow, ModuleStats } from './module-stats.ts';

/** kernel/module/stats.c, Linux 6.12 */
const MAX_PREAMBLE = 1024;
const MAX_FAILED_MOD_PRINT = 112;
const MAX_BYTES_PER_MOD = 64;

function row(label: string, value: bigint): string {
  return `${label.padStart(25)}\t${value}\n`;
}

/** DIV_ROUND_UP in the word size of the kernel. */
function ceilDiv(a: bigint, b: bigint, bits: 32 | 64): bigint {
  return BigInt.asUintN(bits, a + b - 1n) / b;
}

function reasonText(row: DuplicateRow): string {
  if (row.becoming && row.load) return 'Becoming & Load';
  if (row.becoming) return 'Becoming';
  return row.load ? 'Load' : 'Bug-on-stats';
}

/**
 * The text of /sys/kernel/debug/modules/stats, to the byte (read_file_mod_stats,
 * kernel/module/stats.c, Linux 6.12), cut where the kernel's buffer ends.
 */
export function statsText(stats: ModuleStats): string {
  const get = stats.shown.bind(stats);
  const modcount = get('modcount');
  const kreads = get('failed_kreads');
  const decompress = get('failed_decompress');
  const becoming = get('failed_becoming');
  const loads = get('failed_load_modules');
  const total = get('total_mod_size');
  const text = get('total_text_size');
  const kreadBytes = get('invalid_kread_bytes');
  const decompressBytes = get('invalid_decompress_bytes');
  const becomingBytes = get('invalid_becoming_bytes');
  const modBytes = get('invalid_mod_bytes');

  let out =
    row('Mods ever loaded', modcount) +
    row('Mods failed on kread', kreads) +
    row('Mods failed on decompress', decompress) +
    row('Mods failed on becoming', becoming) +
    row('Mods failed on load', loads) +
    row('Total module size', total) +
    row('Total mod text size', text) +
    row('Failed kread bytes', kreadBytes) +
    row('Failed decompress bytes', decompressBytes) +
    row('Failed becoming bytes', becomingBytes) +
    row('Failed kmod bytes', modBytes) +
    row('Virtual mem wasted bytes', stats.wastedShown());

  const average = (label: string, sum: bigint, count: bigint): void => {
    if (sum && count) out += row(label, ceilDiv(sum, count, stats.wordBits));
  };
  average('Average mod size', total, modcount);
  average('Average mod text size', text, modcount);
  average('Avg fail kread bytes', kreadBytes, kreads);
  average('Avg fail becoming bytes', becomingBytes, becoming);
  average('Avg fail decomp bytes', decompressBytes, decompress);
  average('Average fail load bytes', modBytes, loads);

  const rows = stats.duplicates();
  if (rows.length > 0) {
    const pad = (a: string, b: string, c: string): string =>
      `${a.padStart(25)}\t${b.padStart(15)}\t${c.padStart(25)}\n`;
    out += 'Duplicate failed modules:\n';
    out += pad('Module-name', 'How-many-times', 'Reason');
    for (const entry of rows.slice(0, MAX_FAILED_MOD_PRINT - 1)) {
      out += pad(entry.name, String(entry.count), reasonText(entry));
    }
  }

  const failed = BigInt.asUintN(32, loads + becoming);
  const rowsAllowed = failed < MAX_FAILED_MOD_PRINT ? Number(failed) : MAX_FAILED_MOD_PRINT;
  const size = MAX_PREAMBLE + rowsAllowed * MAX_BYTES_PER_MOD;
  // scnprintf keeps one byte for the terminating NUL.
  return out.length > size - 1 ? out.slice(0, size - 1) : out;
}
