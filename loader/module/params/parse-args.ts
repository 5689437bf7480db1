// SPDX-License-Identifier: MIT
import { ERRNO } from '../../base/index.ts';
import { LOG_LEVEL } from '../../engine/index.ts';
import type { ModuleContext } from '../context.ts';
import type { Module } from '../module.ts';
import { paramSet, type SetOutcome } from './param-set.ts';

/** isspace() of the kernel's Latin-1 character table (lib/ctype.c). */
const SPACE = /[ \t\n\v\f\r\xa0]/;

interface Argument {
  readonly param: string;
  readonly value: string | undefined;
  readonly rest: string;
}

function skipSpaces(text: string): string {
  let i = 0;
  while (i < text.length && SPACE.test(text[i]!)) i += 1;
  return text.slice(i);
}

/** next_arg(), lib/cmdline.c: one `param` or `param=value`, double quotes holding spaces. */
function nextArg(text: string): Argument {
  let args = text;
  let inQuote = false;
  const quoted = args.startsWith('"');
  if (quoted) {
    args = args.slice(1);
    inQuote = true;
  }
  let equals = 0;
  let end = 0;
  for (; end < args.length; end += 1) {
    const char = args[end]!;
    if (SPACE.test(char) && !inQuote) break;
    if (equals === 0 && char === '=') equals = end;
    if (char === '"') inQuote = !inQuote;
  }
  let word = args.slice(0, end);
  const rest = skipSpaces(args.slice(end + 1));
  if (equals === 0) {
    if (quoted && word.endsWith('"')) word = word.slice(0, -1);
    return { param: word, value: undefined, rest };
  }
  let value = word.slice(equals + 1);
  let closed = false;
  if (value.startsWith('"')) {
    value = value.slice(1);
    if (value.endsWith('"')) {
      value = value.slice(0, -1);
      closed = true;
    }
  }
  if (quoted && !closed && value.endsWith('"')) value = value.slice(0, -1);
  return { param: word.slice(0, equals), value, rest };
}

/** Dashes and underscores are the same in parameter names (parameq). */
function sameParam(a: string, b: string): boolean {
  return a.replaceAll('-', '_') === b.replaceAll('-', '_');
}

/**
 * Sets a module's parameters from its argument text: a bad value does not stop the rest, and the
 * errno of the last bad one is returned, negative (parse_args, kernel/params.c, Linux 6.12).
 */
export function parseArgs(ctx: ModuleContext, mod: Module, text: string): number {
  const { log } = ctx;
  let err = 0;
  let args = skipSpaces(text);
  while (args !== '') {
    const { param, value, rest } = nextArg(args);
    args = rest;
    if (value === undefined && param === '--') {
      if (err === 0) {
        log.print(LOG_LEVEL.WARNING, `${mod.name}: parameters '${args}' after \`--' ignored`);
      }
      return err;
    }
    const { err: ret, left } = parseOne(ctx, mod, param, value);
    if (ret === 0) continue;
    const problem = ret === -ERRNO.ENOSPC ? 'too large' : 'invalid';
    const line =
      ret === -ERRNO.ENOENT
        ? `Unknown parameter \`${param}'`
        : `\`${left ?? ''}' ${problem} for parameter \`${param}'`;
    log.print(LOG_LEVEL.ERR, `${mod.name}: ${line}`);
    err = ret;
  }
  return err;
}

function parseOne(
  ctx: ModuleContext,
  mod: Module,
  name: string,
  value: string | undefined,
): SetOutcome {
  const { params } = ctx.images.facts(mod.elf);
  const known = params.find((param) => sameParam(param.name, name));
  if (!known) {
    unknownModuleParam(ctx, mod, name, value);
    return { err: 0, left: value };
  }
  if (value === undefined && !known.noarg) return { err: -ERRNO.EINVAL, left: value };
  return paramSet(ctx, mod, known, value);
}

/**
 * unknown_module_param_cb() (kernel/module/main.c): every module understands async_probe and
 * dyndbg. With CONFIG_DYNAMIC_DEBUG, whatever stands before a dot is taken off
 * (ddebug_dyndbg_param_cb, lib/dynamic_debug.c).
 *
 * Model: queries of dyndbg have no effect and no faults.
 */
function unknownModuleParam(
  ctx: ModuleContext,
  mod: Module,
  name: string,
  value: string | undefined,
): void {
  if (name === 'async_probe') {
    // What kstrtobool() does not understand counts as yes.
    mod.asyncProbe = !/^([nNfF0]|[oO][fF])/.test(value ?? '');
    return;
  }
  const { log, features } = ctx;
  let unknown = name;
  if (features.dynamic_debug) {
    const dot = name.indexOf('.');
    if (name.slice(dot + 1) === 'dyndbg') return;
    if (dot >= 0) unknown = name.slice(0, dot);
  } else if (name === 'dyndbg') {
    const line = 'dyndbg param is supported only in CONFIG_DYNAMIC_DEBUG builds';
    log.print(LOG_LEVEL.WARNING, line);
    return;
  }
  log.print(LOG_LEVEL.WARNING, `${mod.name}: unknown parameter '${unknown}' ignored`);
}
