// SPDX-License-Identifier: MIT
import { explainDocument, explainText } from '../../loader/import/index.ts';
import type { CommandContext } from './command-context.ts';
import { readEvidence } from './evidence-files.ts';

export interface ExplainOptions {
  readonly files: readonly string[];
  readonly json: boolean;
}

/** `explain`: what logs, dumps and statistics say, in words, with what to do. */
export async function explainCommand(
  { files, json }: ExplainOptions,
  context: CommandContext,
): Promise<number> {
  const { facts } = await readEvidence(files, context);
  const document = explainDocument(facts);
  const whole = (_: string, value: unknown): unknown =>
    typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
  await context.write(json ? `${JSON.stringify(document, whole, 2)}\n` : explainText(document));
  return 0;
}
