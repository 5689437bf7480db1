/** The questions modprobe(8) answers without loading anything (tools/modprobe.c, kmod 30). */

import { ERRNO } from '../base/index.ts';
import { unpackModule } from '../decompress/index.ts';
import type { Coroutine } from '../engine/index.ts';
import type { Libkmod } from './libkmod.ts';
import type { ModprobeArgs } from './modprobe-args.ts';
import type { ModprobeProcess } from './modprobe-process.ts';
import { type SymbolVersion, scanVersions } from './module-versions.ts';

/** Answers `-c`, `--show-modversions`, `--show-exports`, `-V` and `-h`: 0 or a negative errno. */
export function* query(
  libkmod: Libkmod,
  args: ModprobeArgs,
  process: ModprobeProcess,
): Coroutine<number> {
  switch (args.query) {
    case 'version':
      process.out('kmod version 30');
      process.out('+ZSTD +XZ +ZLIB +LIBCRYPTO -EXPERIMENTAL');
      return 0;
    case 'help':
      process.out('Usage: modprobe [options] [-a] [-r] [-i] [-b] modulename [modulename...]');
      return 0;
    case 'config':
      showConfig(libkmod, process);
      return 0;
    default:
      return yield* showVersions(libkmod, args, process);
  }
}

function showConfig({ index }: Libkmod, process: ModprobeProcess): void {
  const { conf } = index;
  for (const name of conf.blacklistLines) process.out(`blacklist ${name}`);
  for (const { module, text } of conf.install) process.out(`install ${module} ${text}`);
  for (const { module, text } of conf.remove) process.out(`remove ${module} ${text}`);
  for (const { pattern, module } of conf.aliases) process.out(`alias ${pattern} ${module}`);
  for (const { module, text } of conf.options) process.out(`options ${module} ${text}`);
  for (const { module, pre, post } of conf.softdeps) {
    // softdep_to_char() puts no blank between the two lists.
    const before = pre.length === 0 ? '' : `pre: ${pre.join(' ')}`;
    const after = post.length === 0 ? '' : `post: ${post.join(' ')}`;
    process.out(`softdep ${module} ${before}${after}`);
  }
  process.out('');
  process.out('# End of configuration files. Dumping indexes now:');
  process.out('');
  for (const { pattern, module } of index.aliasLines) process.out(`alias ${pattern} ${module}`);
  for (const { symbol, module } of index.symbolLines) {
    process.out(`alias symbol:${symbol} ${module}`);
  }
}

/** show_modversions() and show_exports() of one file. */
function* showVersions(
  libkmod: Libkmod,
  { query: asked, words }: ModprobeArgs,
  process: ModprobeProcess,
): Coroutine<number> {
  const path = words[0] ?? '';
  const file = libkmod.kernel.open(path);
  if (!file) {
    process.log(`Module ${path} not found.`);
    return -ERRNO.ENOENT;
  }
  yield libkmod.kernel.engine.work(libkmod.kernel.costs.path_open_ns);
  const unpacked = unpackModule(file.inode.bytes);
  const found = unpacked.ok ? scanVersions(unpacked.image) : undefined;
  const list: readonly SymbolVersion[] | undefined =
    asked === 'exports' ? found?.exports : found?.versions;
  if (list === undefined) {
    const what = asked === 'exports' ? 'symbols' : 'modversions';
    process.log(`could not get ${what} of ${path}: Exec format error`);
    return -ERRNO.ENOEXEC;
  }
  for (const { symbol, crc } of list) {
    process.out(`0x${crc.toString(16).padStart(8, '0')}\t${symbol}`);
  }
  return 0;
}
