/**
 * Contents for synthetic sections: the same for the same seed, and about as compressible as the
 * code of real modules, so that a compressed synthetic module has a plausible size.
 */

/** Words drawn afresh, out of 8; the rest repeat what came before. */
const FRESH = 3;

/** How far back a repeat reaches, in bytes. */
const WINDOW = 2048;

/** FNV-1a of a text. */
function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash || 1;
}

/** Fills `bytes` with content that belongs to `seed`. */
export function fillBytes(bytes: Uint8Array, seed: string): void {
  let state = seedOf(seed);
  for (let at = 0; at < bytes.length; at += 8) {
    const end = Math.min(at + 8, bytes.length);
    state = xorshift32(state);
    const choice = state >>> 0;
    if (at < 16 || choice % 8 < FRESH) {
      for (let i = at; i < end; i += 1) {
        state = xorshift32(state);
        bytes[i] = state >>> 11;
      }
    } else {
      const back = 8 + ((choice >>> 3) % Math.min(at - 7, WINDOW));
      for (let i = at; i < end; i += 1) bytes[i] = bytes[i - back]!;
    }
  }
}

function xorshift32(state: number): number {
  let x = state;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return x;
}
