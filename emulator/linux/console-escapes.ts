// SPDX-License-Identifier: MIT
// The escapes the guest and the host share (guest-images/linux/PROTOCOL.md, "Escapes").
// Text is bytes, one per character (latin-1): the kernel prints whatever a file contains.

const BACKSLASH = 0x5c;

function escapeByte(byte: number, inToken: boolean): string {
  switch (byte) {
    case BACKSLASH:
      return '\\\\';
    case 0x0a:
      return '\\n';
    case 0x09:
      return '\\t';
    case 0x20:
      return inToken ? '\\s' : ' ';
  }
  if (byte > 0x20 && byte <= 0x7e) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** One token of an operation or a record: never empty, no spaces. Strings are taken as UTF-8. */
export function escapeToken(value: string | Uint8Array): string {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  if (bytes.length === 0) return '\\e';
  let out = '';
  for (const byte of bytes) out += escapeByte(byte, true);
  return out;
}

/** The bytes an escaped token or text stands for, one per character; null when it is malformed. */
export function unescapeText(text: string): string | null {
  if (!text.includes('\\')) return text;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c !== '\\') {
      out += c;
      continue;
    }
    const kind = text[++i];
    if (kind === 'n') out += '\n';
    else if (kind === 't') out += '\t';
    else if (kind === 's') out += ' ';
    else if (kind === '\\') out += '\\';
    else if (kind === 'e') continue;
    else if (kind === 'x') {
      const digits = text.slice(i + 1, i + 3);
      if (!/^[0-9a-f]{2}$/i.test(digits)) return null;
      out += String.fromCharCode(Number.parseInt(digits, 16));
      i += 2;
    } else return null;
  }
  return out;
}

/** What /dev/kmsg shows of a log line (`\xNN` for the unprintable), as the line's own bytes. */
export function unescapeKmsg(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** Bytes of a string that holds one byte per character. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
