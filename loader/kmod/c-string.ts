// SPDX-License-Identifier: MIT
/** Text up to its first NUL, as C code sees it. */
export function cString(text: string): string {
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}
