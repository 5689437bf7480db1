// SPDX-License-Identifier: MIT
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BootResult, bootGuest, GuestImageError } from '../../emulator/storm/boot.ts';
import { loadV86Wasm } from '../../emulator/v86/node-host.ts';
import type { Session } from '../../loader/session/index.ts';
import type { CommandContext } from './command-context.ts';
import { InputError } from './input-error.ts';
import { unreadable } from './module-walk.ts';

/**
 * Boots `guest`, `storm` or the path of a multiboot image, and serves it from the session; what it
 * prints goes to `console`.
 */
export async function bootImage(
  guest: string,
  session: Session,
  context: CommandContext,
  console: NodeJS.WritableStream,
): Promise<BootResult> {
  const image = readImage(guest);
  try {
    const booted = await bootGuest({
      wasm: await loadV86Wasm(),
      image,
      session,
      signal: context.signal,
      onConsole: (text) => {
        console.write(text);
      },
    });
    context.throwIfInterrupted();
    if (booted.exit !== 'done') {
      throw new InputError({
        file: guest,
        expected: 'a guest that runs to its end',
        found: booted.message,
      });
    }
    return booted;
  } catch (error) {
    if (!(error instanceof GuestImageError)) throw error;
    throw new InputError({ file: guest, expected: 'a guest that boots', found: error.message });
  }
}

function readImage(guest: string): Uint8Array {
  const path = guest === 'storm' ? stormImage() : guest;
  const expected = 'a guest image (storm, or the path of a multiboot file)';
  try {
    const stats = statSync(path);
    if (stats.isFile()) return readFileSync(path);
    const found = stats.isDirectory() ? 'a directory' : 'neither file nor directory';
    throw new InputError({ file: guest, expected, found });
  } catch (error) {
    throw error instanceof InputError ? error : unreadable(guest, expected, error);
  }
}

/** The storm guest lies beside the bundle's directory, in a checkout and in the package alike. */
function stormImage(): string {
  return join(dirname(fileURLToPath(import.meta.url)), '..', 'guest-images', 'storm', 'storm.bin');
}
