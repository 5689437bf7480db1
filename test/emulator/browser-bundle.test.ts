// SPDX-License-Identifier: MIT
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

describe('the emulator in a browser', () => {
  it('needs no module of Node: booting bundles for the browser with v86 alone outside', async () => {
    const { metafile } = await build({
      entryPoints: [fileURLToPath(new URL('../../emulator/storm/boot.ts', import.meta.url))],
      bundle: true,
      format: 'esm',
      platform: 'browser',
      external: ['v86'],
      write: false,
      metafile: true,
    });
    const [output] = Object.values(metafile.outputs);
    expect(output!.imports.map(({ path }) => path)).toEqual(['v86']);
  });
});
