// SPDX-License-Identifier: MIT
/**
 * What libkmod takes from /proc/cmdline (kmod_config_parse_kcmdline, libkmod-config.c, kmod 30):
 * `modprobe.blacklist=a,b` and `MODULE.PARAM=VALUE`.
 */

export interface CommandLineFacts {
  readonly blacklist: readonly string[];
  /** Module name with underscores, and `param=value`. */
  readonly options: readonly { readonly module: string; readonly text: string }[];
}

type State = 'ignore' | 'modname' | 'param' | 'value' | 'complete';

/** Bytes of the buffer libkmod reads into (KCMD_LINE_SIZE). */
const BUFFER = 4096;

export function parseKernelCommandLine(text: string): CommandLineFacts {
  const blacklist: string[] = [];
  const options: { module: string; text: string }[] = [];
  const line = `${text.slice(0, BUFFER - 1)}\0`;
  let state: State = 'modname';
  let quoted = false;
  let start = 0;
  let dot = 0;
  let equals = 0;
  /** The mark before the name: a boot loader moved it there from before the value. */
  let movedQuote = false;
  for (let i = 0; i < line.length; i += 1) {
    const char = line[i]!;
    if (char === '"') {
      quoted = !quoted;
      if (quoted && state === 'modname' && i === start) {
        movedQuote = true;
        start = i + 1;
      } else if (state !== 'value') {
        state = 'ignore';
      }
    } else if (/[\0 \n\t\v\f\r]/.test(char)) {
      if (quoted && state === 'value') {
        // A blank inside the value.
      } else if (quoted) {
        state = 'ignore';
      } else if (state === 'value' || state === 'param') {
        state = 'complete';
      } else {
        start = i + 1;
        state = 'modname';
        movedQuote = false;
      }
    } else if (char === '.') {
      if (state === 'modname') {
        dot = i;
        state = 'param';
      } else if (state === 'param') {
        state = 'ignore';
      }
    } else if (char === '=') {
      if (state === 'param') {
        equals = i;
        state = 'value';
      } else if (state === 'modname') {
        state = 'ignore';
      }
    }
    if (state !== 'complete') continue;
    const module = line.slice(start, dot);
    let param = line.slice(dot + 1, i);
    if (movedQuote) param = `${line.slice(dot + 1, equals + 1)}"${line.slice(equals + 1, i)}`;
    if (module === 'modprobe' && param.startsWith('blacklist=')) {
      const names = param.slice('blacklist='.length).split(',');
      blacklist.push(...names);
    } else if (!/[[\]]/.test(module)) {
      options.push({ module: module.replaceAll('-', '_'), text: param });
    }
    start = i + 1;
    state = 'modname';
    movedQuote = false;
  }
  return { blacklist, options };
}

/** `module_blacklist=a,b` of the kernel itself (kernel/module/main.c, Linux 6.12): the last one counts. */
export function moduleBlacklist(commandLine: string): readonly string[] {
  const found = [...commandLine.matchAll(/(?:^|\s)module_blacklist=(\S*)/g)].at(-1);
  return found ? found[1]!.split(',').filter((name) => name !== '') : [];
}
