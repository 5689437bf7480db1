// SPDX-License-Identifier: MIT
// The terminal of a person at a guest's serial console: raw, Ctrl-A x leaves.

const CTRL_A = 1;

/** Where bytes typed go, and how the person leaves. */
export interface TerminalEnds {
  type(bytes: Uint8Array): void;
  leave(): void;
}

/** Takes stdin until the returned function is called, which puts the terminal back as it was. */
export function takeTerminal(ends: TerminalEnds): () => void {
  const { stdin } = process;
  let prefix = false;
  const onData = (chunk: Buffer): void => {
    const typed: number[] = [];
    for (const byte of chunk) {
      if (!prefix) {
        if (byte === CTRL_A) prefix = true;
        else typed.push(byte);
        continue;
      }
      prefix = false;
      if (byte === 0x78) {
        ends.leave();
        return;
      }
      // Ctrl-A twice types one; anything else after it is typed as it is.
      typed.push(byte);
    }
    if (typed.length > 0) ends.type(Uint8Array.from(typed));
  };
  const restore = (): void => {
    if (stdin.isTTY) stdin.setRawMode(false);
  };
  stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.on('end', ends.leave);
  stdin.on('error', ends.leave);
  process.on('SIGHUP', ends.leave);
  process.on('exit', restore);
  stdin.resume();
  return () => {
    stdin.off('data', onData);
    stdin.off('end', ends.leave);
    stdin.off('error', ends.leave);
    process.off('SIGHUP', ends.leave);
    process.off('exit', restore);
    restore();
    stdin.pause();
  };
}
