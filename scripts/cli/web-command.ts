// SPDX-License-Identifier: MIT
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandContext, Interrupted } from './command-context.ts';
import { serveDirectory } from './web-server.ts';

/** `web`: serves the page until Ctrl-C. */
export async function webCommand(
  options: { readonly port: number },
  context: CommandContext,
): Promise<number> {
  // The page lies beside the bundle, in a checkout and in the package alike.
  const page = join(dirname(fileURLToPath(import.meta.url)), 'web');
  const server = await serveDirectory(page, options.port);
  try {
    await context.write(`${server.url}\n`);
    process.stderr.write('serving the inspector; Ctrl-C ends it\n');
    await new Promise<void>((resolve) => {
      context.signal.addEventListener('abort', () => resolve());
      if (context.signal.aborted) resolve();
    });
    throw new Interrupted();
  } finally {
    await server.close();
  }
}
