// SPDX-License-Identifier: MIT
// `npm run bench`: measures the budgets and says which hold.

import { BENCH_HELP, isChosen, readBenchOptions } from './bench-options.ts';
import { missedText, reportJson, reportText } from './bench-report.ts';
import { BENCH_NAMES, BENCHES, TEST_VMALLOC } from './benches.ts';
import { judge, type Row } from './budget.ts';
import { EVENT_CHILD, runEventChild } from './event-memory-bench.ts';
import { testVmallocTimings } from './test-vmalloc-bench.ts';

/** Exit codes: done, a budget was missed, bad usage. */
const EXIT = { missed: 1, usage: 2 } as const;

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === EVENT_CHILD && args.length === 2) {
    runEventChild(args[1]!);
    return 0;
  }
  const options = readBenchOptions(args, BENCH_NAMES);
  if (typeof options === 'string') {
    process.stderr.write(`bench: ${options}\n`);
    return EXIT.usage;
  }
  if (options.help) {
    process.stdout.write(BENCH_HELP);
    return 0;
  }
  const rows: Row[] = [];
  for (const { budget, long, run } of BENCHES) {
    if (!isChosen(options, budget, long)) continue;
    process.stderr.write(`measuring ${budget}\n`);
    rows.push(judge(await run()));
  }
  const withTests = isChosen(options, TEST_VMALLOC);
  if (withTests) process.stderr.write(`measuring ${TEST_VMALLOC}\n`);
  const result = withTests ? { rows, testVmalloc: testVmallocTimings() } : { rows };
  process.stdout.write(options.json ? reportJson(result) : reportText(result));
  const missed = missedText(rows);
  if (missed === null || !options.check) return 0;
  process.stderr.write(`bench: ${missed}\n`);
  return EXIT.missed;
}

process.exitCode = await main(process.argv.slice(2));
