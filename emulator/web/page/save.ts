// SPDX-License-Identifier: MIT
/** How long a browser may take to begin with a download. */
const GRACE_MS = 60_000;

/** Hands a file to the reader. */
export function saveFile(name: string, file: Blob): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), GRACE_MS);
}
