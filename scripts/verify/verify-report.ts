// SPDX-License-Identifier: MIT
// What a comparison comes to, in words.

import {
  ATTRIBUTIONS,
  type Attribution,
  addComparison,
  CLASSES,
  type Comparison,
  type Disagreement,
  emptyComparison,
} from './compare.ts';
import type { CaseResult } from './run-case.ts';

/** Disagreements told in full; the others are counted. */
const MOST_TOLD = 20;
const MOST_CHARACTERS = 240;

export interface VerifiedSuite {
  readonly suite: string;
  readonly variant: string;
  readonly seed: number;
  readonly machine: string;
  /** Preset of the model, and the release of the real kernel. */
  readonly kernel: string;
  readonly release: string;
  readonly cases: readonly CaseResult[];
}

export function totalOf(suites: readonly VerifiedSuite[]): Comparison {
  const total = emptyComparison();
  for (const { cases } of suites) for (const c of cases) addComparison(total, c.comparison);
  return total;
}

/** One row a suite: what of it agrees. */
export function suiteLine(verified: VerifiedSuite): string {
  const { suite, variant, seed, cases, machine, release } = verified;
  const total = emptyComparison();
  for (const { comparison } of cases) addComparison(total, comparison);
  const sum = (of: Record<string, number>): number => Object.values(of).reduce((a, b) => a + b, 0);
  const steps = cases.reduce((n, c) => n + c.steps, 0);
  const boots = cases.reduce((n, c) => n + c.boots, 0);
  const crashes = cases.reduce((n, c) => n + c.crashes.length, 0);
  const seconds = cases.reduce((n, c) => n + c.linuxMs, 0) / 1000;
  const modelMs = cases.reduce((n, c) => n + c.modelMs, 0);
  const agree = sum(total.agree);
  const of = sum(total.total);
  return (
    `${machine} ${release} `.padEnd(16) +
    `${`${suite} ${variant} seed ${seed}`.padEnd(26)}${String(steps).padStart(6)} steps  ` +
    `${String(agree).padStart(7)} of ${String(of).padStart(7)} agree  ` +
    `${crashes > 0 ? `${crashes} crash the kernel  ` : ''}` +
    `${boots} boot${boots === 1 ? '' : 's'}, ${seconds.toFixed(0)} s; model ${modelMs.toFixed(0)} ms\n`
  );
}

/** The agreement table, what is attributed, what disagrees. */
export function reportText(suites: readonly VerifiedSuite[]): string {
  const total = totalOf(suites);
  let text = '\nobservable                   agree      of\n';
  for (const name of CLASSES) {
    if (total.total[name] === 0) continue;
    const { [name]: of } = total.total;
    const { [name]: agree } = total.agree;
    const share =
      agree === of ? '100 %' : `${(Math.floor((agree / of) * 10_000) / 100).toFixed(2)} %`;
    text += `${name.padEnd(26)}${String(agree).padStart(8)}${String(of).padStart(8)}  ${share}\n`;
  }
  const rules = (Object.keys(ATTRIBUTIONS) as Attribution[]).filter((r) => total.attributed[r] > 0);
  if (rules.length > 0) text += '\nnot the loader’s, counted apart:\n';
  for (const rule of rules) {
    text += `${String(total.attributed[rule]).padStart(8)}  ${ATTRIBUTIONS[rule]}\n`;
  }
  if (total.unobserved.length > 0) text += '\nnot observed, left out of the comparison:\n';
  for (const line of total.unobserved) text += `  ${line}\n`;
  const modules = new Set(suites.flatMap(({ cases }) => cases.flatMap((c) => c.modules)));
  text += `\n${modules.size} different modules in the real kernel’s /proc/modules\n`;
  return text + crashText(suites) + disagreementText(suites);
}

function crashText(suites: readonly VerifiedSuite[]): string {
  const lines = suites.flatMap(({ suite, cases }) =>
    cases.flatMap(({ name, crashes }) =>
      crashes.map(
        ({ step, call, reason }) => `  ${suite} (${name}) step ${step}: ${clip(call)}: ${reason}\n`,
      ),
    ),
  );
  return lines.length === 0
    ? ''
    : `\nsteps that the real kernel does not survive:\n${lines.join('')}`;
}

function disagreementText(suites: readonly VerifiedSuite[]): string {
  const all = suites.flatMap(({ suite, variant, cases }) =>
    cases.flatMap(({ name, comparison }) =>
      comparison.disagreements.map((found) => ({ where: `${suite} ${variant} (${name})`, found })),
    ),
  );
  if (all.length === 0) return '\nno disagreement\n';
  let text = `\n${all.length} disagreement${all.length === 1 ? '' : 's'}:\n`;
  for (const { where, found } of all.slice(0, MOST_TOLD)) text += oneDisagreement(where, found);
  if (all.length > MOST_TOLD) text += `  … and ${all.length - MOST_TOLD} more\n`;
  return text;
}

function oneDisagreement(where: string, found: Disagreement): string {
  const [kernel, model] = differingLines(found.kernel, found.model);
  return (
    `  ${where} step ${found.step}, ${clip(found.call)}: ${found.class}\n` +
    `    kernel  ${clip(kernel)}\n    model   ${clip(model)}\n`
  );
}

function differingLines(kernel: string, model: string): [string, string] {
  if (!kernel.includes('\n')) return [kernel, model];
  const a = kernel.split('\n');
  const b = model.split('\n');
  const [left, right] = [new Set(a), new Set(b)];
  return [
    a.filter((line) => !right.has(line)).join(' | '),
    b.filter((line) => !left.has(line)).join(' | '),
  ];
}

function clip(text: string): string {
  // Names out of damaged files hold any byte.
  const plain = text.replace(
    /[^\x20-\x7e…’]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return plain.length > MOST_CHARACTERS ? `${plain.slice(0, MOST_CHARACTERS)}…` : plain;
}
