// SPDX-License-Identifier: MIT
/** What the names of a generator mean, looked up before anything runs. */

import type { CompileContext } from './compile-context.ts';
import { CompileError } from './compile-error.ts';
import { nearestName } from './nearest-name.ts';
import type { Generator } from './schema-storm.ts';
import { moduleNameOf } from './storm-requests.ts';

/** Paths for operations on files, names or aliases for the others. Throws CompileError. */
export function stormItems(
  generator: Generator,
  context: CompileContext,
  place: string,
): readonly string[] {
  return allItems(generator, context, place).slice(0, generator.limit);
}

function allItems(generator: Generator, context: CompileContext, place: string): readonly string[] {
  const { op, modules } = generator;
  const byFile = op === 'finit_module' || op === 'init_module' || op === 'finit_delete';
  if (modules === 'all') {
    const files = context.loadOrder();
    if (byFile) return files;
    const names = files.map(moduleNameOf);
    return generator.form === 'fs' ? names.map((name) => `fs-${name}`) : names;
  }
  if (byFile) return modules.map((name, i) => fileFor(name, generator, context, `${place}[${i}]`));
  const names = generator.form === 'fs' ? modules.map((name) => `fs-${name}`) : modules;
  if (generator.missing === 'error') {
    for (const [i, name] of names.entries()) known(name, context, `${place}[${i}]`);
  }
  return names;
}

function fileFor(
  name: string,
  generator: Generator,
  { source, fileOf }: CompileContext,
  place: string,
): string {
  const isPath = name.includes('/') || /\.ko(\.|$)/.test(name);
  if (isPath) {
    const exists = name.startsWith('/') || source.files.some((file) => file.path === name);
    if (exists || generator.missing === 'ask') return name;
    throw new CompileError(place, `no file ${name} in ${source.name}`);
  }
  const file = fileOf(name);
  if (file !== undefined) return file;
  if (generator.missing === 'ask') return `${name}.ko`;
  throw new CompileError(place, `no module ${name} in ${source.name}${hint(name, source.files)}`);
}

function known(name: string, { source, index }: CompileContext, place: string): void {
  if (index().lookup(name).length > 0) return;
  throw new CompileError(
    place,
    `no module and no alias ${name} in ${source.name}${hint(name, source.files)} ` +
      '(with "missing": "ask" it is asked for all the same)',
  );
}

function hint(name: string, files: readonly { readonly path: string }[]): string {
  const near = nearestName(
    name,
    files.map(({ path }) => moduleNameOf(path)),
  );
  return near === undefined ? '' : `; did you mean ${near}?`;
}
