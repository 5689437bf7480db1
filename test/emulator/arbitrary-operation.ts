// SPDX-License-Identifier: MIT
/** Operations at random, every kind and every optional part. */
import fc from 'fast-check';
import type { Operation } from '../../loader/session/operation.ts';

const name = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0'));
const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const u32 = fc.oneof(fc.nat(7), fc.integer({ min: 0, max: 0xffffffff }));
const u53 = fc.oneof(fc.nat(), fc.maxSafeNat());

export const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  fc.constant<Operation>({ op: 'noop' }),
  fc.constant<Operation>({ op: 'settle' }),
  fc.record(
    {
      op: fc.constant('finit_module' as const),
      path: name,
      flags: u32,
      args: name,
      open: fc.constantFrom('read' as const, 'write' as const, 'bad' as const),
    },
    { requiredKeys: ['op', 'path', 'flags', 'args'] },
  ),
  fc.record(
    {
      op: fc.constant('init_module' as const),
      path: name,
      args: name,
      len: u53,
      fault: fc.boolean(),
    },
    { requiredKeys: ['op', 'path', 'args'] },
  ),
  fc.record({ op: fc.constant('delete_module' as const), name, flags: u32 }),
  fc.record({ op: fc.constant('request_module' as const), name, wait: fc.boolean() }),
  fc.record({ op: fc.constant('modprobe' as const), name, args: name }),
  fc.record({ op: fc.constant('uevent' as const), modalias: name }),
  fc.record({ op: fc.constant('read' as const), path: name }),
  fc.record({ op: fc.constant('write' as const), path: name, text }),
  fc.record({ op: fc.constant('sleep' as const), ns: u53 }),
  fc.record({ op: fc.constant('sleep_until' as const), at: u53 }),
  fc.record({ op: fc.constant('log' as const), text }),
  fc.record({ op: fc.constant('group' as const), group: u32 }),
) as fc.Arbitrary<Operation>;
