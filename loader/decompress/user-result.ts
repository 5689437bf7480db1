// SPDX-License-Identifier: MIT
/** What a library of user space makes of a compressed file. */
export type UserDecode =
  | { readonly ok: true; readonly image: Uint8Array }
  /** `message` as libkmod prints it; `place` where in its source (Debian's kmod 30). */
  | { readonly ok: false; readonly message: string; readonly place: string };

/** All parts one behind the other. */
export function joinImages(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const image = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    image.set(part, at);
    at += part.length;
  }
  return image;
}
