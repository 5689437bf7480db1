/** Bundles the verifier with one bug planted in the model; the sources stay as they are. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const ENTRY = 'scripts/verify/plants/planted-verifier.ts';

/**
 * The file of a bug with the bug in it. Throws when its anchor does not stand there exactly once,
 * as when the source has moved on.
 */
export async function plantedText(root, { title, file, anchor, planted }) {
  const text = await readFile(join(root, file), 'utf8');
  const found = text.split(anchor).length - 1;
  if (found !== 1) {
    throw new Error(`bug "${title}": its anchor stands ${found} times in ${file}, expected once`);
  }
  return text.replace(anchor, () => planted);
}

/** Writes the bundle to `outfile`, which must lie where the checkout's packages are found. */
export async function buildPlanted(root, bug, outfile) {
  const contents = await plantedText(root, bug);
  const path = join(root, bug.file);
  let met = 0;
  const plant = {
    name: 'plant',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, (args) => {
        if (args.path !== path) return undefined;
        met += 1;
        return { contents, loader: 'ts' };
      });
    },
  };
  await build({
    absWorkingDir: root,
    entryPoints: [ENTRY],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    logLevel: 'warning',
    plugins: [plant],
  });
  if (met !== 1) throw new Error(`bug "${bug.title}": the verifier does not contain ${bug.file}`);
}
