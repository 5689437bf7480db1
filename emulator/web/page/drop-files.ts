// SPDX-License-Identifier: MIT
/** Files given to the page: dropped, chosen, or a folder of them. */
import type { GivenFile } from '../messages.ts';

/** A folder with more files is some other folder, such as a whole disk. */
const MOST = 50_000;

/** All files of a drop, those in folders too; their paths begin with what was dropped. */
export async function filesOfDrop(transfer: DataTransfer): Promise<GivenFile[]> {
  // Entries must be taken before the first wait: the list is empty after it.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const loose = [...transfer.files];
  const given: GivenFile[] = [];
  for (const entry of entries) if (entry !== null) await collect(entry, given);
  return given.length > 0 ? given : loose.map((file) => ({ path: file.name, file }));
}

export function filesOfInput(input: HTMLInputElement): GivenFile[] {
  const given = [...(input.files ?? [])].map((file) => ({
    path: file.webkitRelativePath || file.name,
    file,
  }));
  input.value = '';
  return given;
}

async function collect(entry: FileSystemEntry, given: GivenFile[]): Promise<void> {
  if (given.length >= MOST) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    given.push({ path: entry.fullPath.replace(/^\//, ''), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader hands out a hundred entries at a time.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return;
    for (const each of some) await collect(each, given);
  }
}

/** Whether files tell of a run that was. */
export async function areRecording(files: readonly GivenFile[]): Promise<boolean> {
  if (files.some(({ path }) => path.endsWith('.jsonl'))) return true;
  const document = files.find(({ path }) => path.endsWith('.json'));
  if (document === undefined) return false;
  try {
    const found: unknown = JSON.parse(await document.file.text());
    return found !== null && typeof found === 'object' && 'counters' in found;
  } catch {
    return false;
  }
}
