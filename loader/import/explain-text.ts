// SPDX-License-Identifier: MIT
/** The answer of `explain` in plain words. */
import { errnoName, formatBytes, groupDigits } from '../base/index.ts';
import type { ExplainDocument, ExplainedFailure, StatsAnswer } from './explain.ts';
import type { HolderRow, SpaceReport } from './space-report.ts';

const ROWS = 12;

export function explainText(document: ExplainDocument): string {
  const parts = [
    filesText(document),
    ...document.failures.map((failure) => failureText(failure, document.spaces.length > 0)),
    ...document.spaces.map(spaceText),
    changeText(document),
    statsText(document),
    messagesText(document),
    callsText(document),
    unusableText(document),
  ].filter((part) => part !== '');
  if (parts.length === 1) {
    parts.push('Nothing in it speaks of modules or of the address space for them.\n');
  }
  return parts.join('\n');
}

function filesText({ files }: ExplainDocument): string {
  return files
    .map(({ file, formats, lines }) => `${file}: ${formats.join(', ')}, ${lines} lines\n`)
    .join('');
}

function failureText(failure: ExplainedFailure, hasSpace: boolean): string {
  const { size, count, place, range, verdict, free, largest } = failure;
  const times = count === 1 ? 'once' : `${count} times`;
  const where = range === undefined ? '' : ` between ${range[0]} and ${range[1]}`;
  let text = `A request for ${groupDigits(size)} bytes (${formatBytes(size)}, guard page included)${where} found no room, ${times} (first: ${place}).\n`;
  if (verdict === undefined) {
    return `${text}  ${
      hasSpace
        ? 'The addresses of the vmallocinfo cannot be read, so holes cannot be told: read it as root with kernel.kptr_restrict=0 or 1.'
        : 'Give /proc/vmallocinfo of the same boot as well to see why.'
    }\n`;
  }
  const room = `${formatBytes(free!)} free, the largest hole ${formatBytes(largest!)}`;
  const words = {
    fits: `In the vmallocinfo there is room for it (${room}): that was read at another moment, or the request searched another range (the module area).`,
    fragmentation: `This is fragmentation: ${room}. Enough is free, but not in one piece.`,
    exhaustion: `This is exhaustion: ${room}. Even in one piece it would not be enough.`,
  };
  text += `  ${words[verdict]}\n`;
  if (failure.vmalloc_mib !== undefined) {
    text += `  With vmalloc=${failure.vmalloc_mib}M on the command line the same areas and this request fit (smallest whole MiB; the areas are taken to stay where they are).\n`;
  }
  return text;
}

function spaceText(report: SpaceReport): string {
  const { bounds, areas, used, parked, holes, free, largest, hidden } = report;
  let text = `Address space of ${report.file}: ${areas} areas, ${formatBytes(used)} in use`;
  if (parked > 0) text += `, ${formatBytes(parked)} parked (unpurged, free again when needed)`;
  text += '.\n';
  if (hidden > 0) {
    text += `  ${hidden} addresses are hidden (kptr_restrict or hashed pointers): sizes and holders are told, holes cannot be.\n`;
  } else if (bounds !== undefined) {
    const wide = bounds.end > 1n << 32n;
    text += `  Window 0x${bounds.start.toString(16)} to 0x${bounds.end.toString(16)}, from ${bounds.from}${bounds.exact ? '' : ' (a guess: the true window may be wider)'}.\n`;
    if (!wide || bounds.exact) {
      text += `  ${formatBytes(free)} free in ${holes.length} holes; the largest is ${formatBytes(largest?.size ?? 0)}${largest === undefined ? '' : ` at 0x${largest.start.toString(16)}`}.\n`;
    }
  }
  const area = report.modulesArea;
  if (area !== undefined) {
    const free = area.holes.reduce((sum, { size }) => sum + size, 0);
    const most = area.holes.reduce((size, hole) => Math.max(size, hole.size), 0);
    text += `  Module area 0x${area.bounds.start.toString(16)} to 0x${area.bounds.end.toString(16)}, from ${area.bounds.from}: ${formatBytes(area.used)} in use, ${formatBytes(free)} free, the largest hole ${formatBytes(most)}.\n`;
  }
  return `${text}${table('by caller', report.callers)}${table('by module', report.modules)}${table('by kind', report.kinds)}`;
}

function table(title: string, rows: readonly HolderRow[]): string {
  if (rows.length === 0) return '';
  const shown = rows
    .slice(0, ROWS)
    .map(
      ({ name, bytes, areas }) =>
        `  ${formatBytes(bytes).padStart(12)}  ${String(areas).padStart(6)}  ${name}\n`,
    );
  const more =
    rows.length > ROWS
      ? `  ${''.padStart(12)}  ${''.padStart(6)}  and ${rows.length - ROWS} more\n`
      : '';
  return `  ${'bytes'.padStart(12)}  ${'areas'.padStart(6)}  ${title}\n${shown.join('')}${more}`;
}

function changeText({ change }: ExplainDocument): string {
  if (change === undefined) return '';
  const { come, gone, comeBytes, goneBytes, kept, byAddress } = change;
  const how = byAddress ? '' : ' (by caller and size: addresses are hidden)';
  return (
    `Between the two: ${kept} areas stayed, ${formatBytes(comeBytes)} came, ${formatBytes(goneBytes)} went${how}.\n` +
    table('that came', come) +
    table('that went', gone)
  );
}

const STAGE_WORDS: Readonly<Record<StatsAnswer['stage'], string>> = {
  kread:
    'reading the file failed: no room or no memory for the copy. Sharing one load per file (Linux 6.5, 9b9879fc0327) removes the copies of duplicates.',
  decompress:
    'decompressing in the kernel failed: a damaged file, an unsupported option, or no room for image or dictionary. Unpacking in user space (kmod) or fewer duplicates (Linux 6.5) removes it.',
  becoming:
    'the check before memory is laid out refused them, almost always as duplicates: one copy of the file was wasted each time. Linux 6.5 (one load per inode, 9b9879fc0327) removes these.',
  load: 'the module was laid out and then refused, almost always as a duplicate: file copy and module memory were wasted. The early check of Linux 6.4 (064f4536d139) turns most of these into the cheaper kind above; Linux 6.5 removes both.',
};

function statsText({ stats }: ExplainDocument): string {
  if (stats === null) return '';
  const total = Number(stats.wasted);
  const loaded = stats.rows['Mods ever loaded'];
  const size = stats.rows['Total module size'];
  let text = `Module statistics: ${loaded ?? '?'} modules loaded${size === undefined ? '' : ` (${formatBytes(Number(size))})`}, ${formatBytes(Math.max(0, total))} of address space wasted by loads that failed.\n`;
  if (stats.disagrees)
    text += '  The sum in the text is not the sum of its parts (counters of 32 bits wrap).\n';
  for (const { stage, failures, bytes, share } of stats.stages) {
    if (failures === '0' && bytes === '0') continue;
    const value = Number(bytes);
    text += `  ${stage}: ${failures} loads, ${value < 0 ? bytes : formatBytes(value)} (${(share * 100).toFixed(1)} %): ${STAGE_WORDS[stage]}\n`;
    if (stage === 'kread' && value > 2 ** 31) {
      text +=
        '    Such a number comes of Linux 6.4, which adds the negative errno of a failed read to the counter.\n';
    }
  }
  if (stats.stages.every(({ failures }) => failures === '0')) {
    text += '  No load failed: nothing was wasted.\n';
  }
  const rows = stats.duplicates.slice(0, ROWS).map(({ name, count }) => `${name} ${count}`);
  if (rows.length > 0) {
    const more = stats.duplicates.length - rows.length;
    text += `  Most often refused: ${rows.join(', ')}${more > 0 ? `, ${more} more` : ''}.\n`;
  }
  return text;
}

function messagesText({ messages }: ExplainDocument): string {
  return messages
    .map(({ text, place, count, modules, meaning, advice, rule, errno }) => {
      const times = count === 1 ? '' : ` (${count} lines like it)`;
      const names =
        modules.length > 1
          ? `\n  modules: ${modules.slice(0, 20).join(', ')}${modules.length > 20 ? ` and ${modules.length - 20} more` : ''}`
          : '';
      const ends = errno === undefined ? '' : ` The call ends with ${errno}.`;
      return `${place}: ${text.trim()}${times}${names}\n  what: ${meaning}${ends}\n  do: ${advice}\n  rule: loader/${rule}\n`;
    })
    .join('');
}

function callsText({ calls }: ExplainDocument): string {
  if (calls.length === 0) return '';
  const rows = calls.slice(0, 20).map(({ result, count }) => {
    const [op, ret] = result.split(' ');
    const value = Number(ret);
    const words = ret === '?' ? 'end not recorded' : value < 0 ? errnoName(value) : 'success';
    return `  ${String(count).padStart(8)}  ${op}: ${words}\n`;
  });
  return `Requests in the record:\n${rows.join('')}`;
}

function unusableText({ files, unusable }: ExplainDocument): string {
  const total = files.reduce((sum, file) => sum + file.unusable, 0);
  if (total === 0) return '';
  const rows = unusable
    .slice(0, 10)
    .map(({ place, why, found }) => `  ${place}: ${why}: ${JSON.stringify(found)}\n`);
  const more =
    total > rows.length ? `  and ${total - rows.length} more (--json lists up to 1,000)\n` : '';
  return `Lines that could not be used: ${total}\n${rows.join('')}${more}`;
}
