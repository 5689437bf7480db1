// SPDX-License-Identifier: MIT
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { buildScenario, type Facts, type Imported, moduleName } from '../../loader/import/index.ts';
import { scenarioSchema } from '../../loader/scenario/index.ts';
import type { CommandContext } from './command-context.ts';
import { documentProblem } from './document-problem.ts';
import { readEvidence } from './evidence-files.ts';
import { InputError } from './input-error.ts';
import { openModuleDirectory } from './module-directory.ts';
import { reasonOf } from './module-walk.ts';

export interface ImportCommandOptions {
  readonly files: readonly string[];
  readonly output?: string | undefined;
  readonly modules?: string | undefined;
  readonly name?: string | undefined;
  readonly json: boolean;
}

const SHOWN = 20;

/** `import`: what people have, as a scenario that says where each part comes from. */
export async function importCommand(
  options: ImportCommandOptions,
  context: CommandContext,
): Promise<number> {
  const { imported, facts } = await importEvidence(options, context);
  const text = `${JSON.stringify(imported.scenario, null, 2)}\n`;
  const { output } = options;
  if (output !== undefined) writeWhole(output, text);
  if (options.json) {
    const { scenario, provenance, warnings } = imported;
    const document = { version: 1, scenario, provenance, warnings, ...unusableJson(facts) };
    await context.write(`${JSON.stringify(document, null, 2)}\n`);
    return 0;
  }
  if (output === undefined) {
    process.stderr.write(summaryText(imported, facts));
    await context.write(text);
  } else await context.write(`${summaryText(imported, facts)}written: ${output}\n`);
  return 0;
}

/** The scenario of these files. Throws an InputError when none can be made. */
export async function importEvidence(
  options: Pick<ImportCommandOptions, 'files' | 'modules' | 'name' | 'output'>,
  context: CommandContext,
): Promise<{ readonly imported: Imported; readonly facts: Facts }> {
  const { facts, moduleDirs } = await readEvidence(options.files, context);
  const dir = options.modules ?? moduleDirs[0];
  const imported = buildScenario(facts, {
    name: options.name ?? 'imported',
    ...(dir === undefined ? {} : modulesOf(dir, options.output)),
  });
  const file = options.files.join(', ');
  if (typeof imported === 'string') {
    throw new InputError({ file, expected: imported, found: foundText(facts) });
  }
  const parsed = scenarioSchema.safeParse(imported.scenario);
  if (!parsed.success) {
    throw new InputError({ file, ...documentProblem(parsed.error, imported.scenario) });
  }
  return { imported, facts };
}

/** Scenarios name directories from where they lie. */
function modulesOf(dir: string, output: string | undefined) {
  const source = openModuleDirectory(dir);
  const paths = new Map(source.files.map(({ path }) => [moduleName(path), path]));
  const from = output === undefined ? process.cwd() : resolve(output, '..');
  const modulesDir = relative(from, resolve(dir)) || '.';
  const fileSizes = new Map(source.files.map(({ path, size }) => [moduleName(path), size]));
  return { modulesDir, fileOf: (name: string) => paths.get(name), fileSizes };
}

function foundText({ files }: Facts): string {
  const kinds = new Set(files.flatMap(({ formats }) => [...formats.keys()]));
  return kinds.size === 0 ? 'nothing of a known kind' : `only ${[...kinds].join(', ')}`;
}

export function summaryText({ provenance, warnings }: Imported, facts: Facts): string {
  const read = facts.files.map(
    ({ file, formats, lines }) =>
      `${file}: ${formats.size === 0 ? 'nothing of a known kind' : [...formats.keys()].join(', ')}, ${lines} lines\n`,
  );
  const rows = provenance.map(({ how, what, from }) => `${how.padEnd(9)} ${what} (${from})\n`);
  const doubts = warnings.map((text) => `warning: ${text}\n`);
  const { unusable } = facts;
  const total = facts.files.reduce((sum, file) => sum + file.unusable, 0);
  const named = unusable
    .slice(0, SHOWN)
    .map(
      ({ place, why, found }) =>
        `unusable  ${place.file}:${place.line}: ${why}: ${JSON.stringify(found)}\n`,
    );
  const more =
    total > named.length
      ? [`unusable  and ${total - named.length} more lines (--json names up to 1,000)\n`]
      : [];
  return [...read, ...rows, ...doubts, ...named, ...more].join('');
}

function unusableJson(facts: Facts) {
  return {
    files: facts.files.map(({ file, formats, lines, unusable }) => ({
      file,
      formats: Object.fromEntries(formats),
      lines,
      unusable,
    })),
    unusable: facts.unusable.map(({ place, why, found }) => ({ ...place, why, found })),
    dropped: Object.fromEntries(facts.dropped),
  };
}

/** Beside its place first, so that nothing half-written is left. */
function writeWhole(path: string, text: string): void {
  const fresh = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(fresh, text);
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw new InputError({
      file: path,
      expected: 'a file that can be written',
      found: reasonOf(error),
    });
  }
}
