// SPDX-License-Identifier: MIT
import type * as z from 'zod';

/** Something wrong in a document: where, what was expected, what stood there. */
export interface InputProblem {
  readonly place: string;
  readonly expected: string;
  readonly found: string;
}

/** `["steps", 3, "flags"]` → `steps[3].flags`. */
function placeOf(path: readonly PropertyKey[]): string {
  let place = '';
  for (const key of path) {
    if (typeof key === 'number') place += `[${key}]`;
    else place += place === '' ? String(key) : `.${String(key)}`;
  }
  return place === '' ? 'document' : place;
}

/** A value as a reader would recognise it, shortened. */
function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value = document;
  for (const key of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/**
 * The first problem zod found, as a place and two phrases. Of a union's branches the one that got
 * furthest into the value speaks.
 */
export function firstProblem(error: z.ZodError, document: unknown): InputProblem {
  const issue = deepest(error.issues[0]!, document);
  return {
    place: placeOf(issue.path),
    expected: expectation(issue),
    found:
      issue.code === 'unrecognized_keys'
        ? `key ${issue.keys.join(', ')}`
        : describeValue(valueAt(document, issue.path)),
  };
}

type Issue = z.core.$ZodIssue;

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return 'no such key';
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small':
      return `at least ${issue.minimum}${measure(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `at most ${issue.maximum}${measure(issue.origin, issue.maximum)}`;
    case 'invalid_union':
      return [...new Set(issue.errors.map((branch) => expectation(branch[0]!)))].join(' or ');
    default:
      return issue.message;
  }
}

/** What a limit counts; a number's own limits count nothing. */
function measure(origin: string, count: number | bigint): string {
  const noun = { string: 'character', array: 'element' }[origin];
  return noun === undefined ? '' : ` ${noun}${Number(count) === 1 ? '' : 's'}`;
}

/** A value that no branch of a union could be, whatever is in it. */
function isForeign(issue: Issue): boolean {
  return (
    issue.code === 'invalid_union' &&
    issue.errors.length > 0 &&
    issue.errors.every(
      (branch) => branch[0]?.code === 'invalid_type' && branch[0].path.length === 0,
    )
  );
}

function deepest(issue: Issue, document: unknown): Issue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  if (isForeign(issue)) return issue;
  const value = valueAt(document, issue.path);
  const candidates = issue.errors
    .filter((branch) => branch.length > 0)
    .map((branch) => ({ branch, score: score(branch, value) }))
    .sort((a, b) => b.score - a.score);
  const best = candidates[0];
  if (!best) return issue;
  const inner = best.branch[0]!;
  return deepest({ ...inner, path: [...issue.path, ...inner.path] } as Issue, document);
}

/** How close a union branch came: fewer top-level complaints and a known first key count. */
function score(branch: readonly Issue[], value: unknown): number {
  let points = 0;
  for (const issue of branch) {
    points -= 1;
    if (issue.path.length === 0 && issue.code === 'invalid_type') points -= 10;
    if (issue.path.length > 0)
      points += issue.code === 'invalid_type' && missing(issue, value) ? -5 : 3;
    if (issue.code === 'unrecognized_keys') points -= issue.keys.length;
  }
  return points;
}

function missing(issue: Issue, value: unknown): boolean {
  if (value === null || typeof value !== 'object') return true;
  return !(String(issue.path[0]) in value);
}
