// SPDX-License-Identifier: MIT
/**
 * What the module port costs: no-op requests, each through the request ring, the session and the
 * completion ring and read by the guest, against bare `out` + `in` pairs of the same guest.
 */

import { ModulePortDevice } from '../../emulator/port/device.ts';
import { PORT_BASE, PORT_IRQ, PORT_SIZE } from '../../emulator/port/protocol.ts';
import { GuestMachine } from '../../emulator/v86/guest-machine.ts';
import { loadV86Wasm } from '../../emulator/v86/node-host.ts';
import { assemble } from '../../guest-images/storm/assemble.ts';
import { portConstants } from '../../guest-images/storm/constants.ts';
import type { Operation, PortSession, SessionCompletion } from '../../loader/session/index.ts';

export interface PortBench {
  /** Requests completed per second of host time. */
  readonly noopPerSecond: number;
  /** Pairs per second of host time. */
  readonly barePerSecond: number;
  /** The one over the other, round by round; the median. */
  readonly ratio: number;
}

export interface PortBenchOptions {
  readonly jit?: boolean;
  /** Rounds, each measuring both. */
  readonly rounds?: number;
}

/** Requests to a doorbell: the ring's size. */
const BATCH = 1024;
const BATCHES = 200;
const PAIRS = 1_000_000;
/** Ring entries to a turn of the guest's loops. */
const UNROLL = 8;
/** Where the guest says that a part begins or ends: a port of the bench, not of the machine. */
const MARK_PORT = 0x5e0;
/** A port that keeps the word written to it: the least a device can do. */
const BARE_PORT = 0x5f0;

/** Boots the measuring guest and times it. Needs no kernel: the session completes at once. */
export async function runPortBench(options: PortBenchOptions = {}): Promise<PortBench> {
  const rounds = options.rounds ?? 5;
  const marks: number[] = [];
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const ended = new Promise<void>((onHalt, onError) => {
    resolve = onHalt;
    reject = onError;
  });
  const machine = await GuestMachine.create({
    wasm: await loadV86Wasm(),
    image: benchGuest(rounds),
    memoryBytes: 4 << 20,
    jit: options.jit ?? false,
    onConsole: () => {},
    onEnd: (how, message) => (how === 'halt' ? resolve() : reject(new Error(message))),
    onDeviceError: reject,
  });
  const device = new ModulePortDevice({
    memory: machine.memory,
    session: new InstantSession(),
    host: {
      raiseIrq: () => machine.raiseIrq(PORT_IRQ),
      lowerIrq: () => machine.lowerIrq(PORT_IRQ),
      done: () => {},
      stopped: (message) => reject(new Error(message)),
    },
  });
  try {
    machine.plug(PORT_BASE, PORT_SIZE, device);
    machine.plug(MARK_PORT, 4, {
      read: () => 0,
      write: () => marks.push(performance.now()),
      badAccess: () => {},
    });
    let latch = 0;
    machine.plug(BARE_PORT, 4, {
      read: () => latch,
      write: (_, value) => {
        latch = value;
      },
      badAccess: () => {},
    });
    machine.run();
    await ended;
  } finally {
    await machine.destroy();
  }
  return summarize(marks, rounds, device.report().completions);
}

function summarize(marks: readonly number[], rounds: number, completions: number): PortBench {
  const requests = BATCH * BATCHES;
  if (marks.length !== rounds * 3 || completions !== rounds * requests) {
    throw new Error(`port bench: ${marks.length} marks, ${completions} completions`);
  }
  const bare: number[] = [];
  const noop: number[] = [];
  for (let at = 0; at < marks.length; at += 3) {
    bare.push((PAIRS * 1000) / (marks[at + 1]! - marks[at]!));
    noop.push((requests * 1000) / (marks[at + 2]! - marks[at + 1]!));
  }
  return {
    noopPerSecond: median(noop),
    barePerSecond: median(bare),
    ratio: median(noop.map((rate, round) => rate / bare[round]!)),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** Completes everything submitted at the next `advance`. */
class InstantSession implements PortSession {
  readonly contexts = 1;
  readonly now = 0;
  #pending: SessionCompletion[] = [];

  get outstanding(): number {
    return this.#pending.length;
  }

  fetch(): undefined {
    return undefined;
  }

  submit(context: number, tag: number, _operation: Operation): void {
    this.#pending.push({ context, tag, ret: 0 });
  }

  advance(): readonly SessionCompletion[] {
    const completed = this.#pending;
    this.#pending = [];
    return completed;
  }

  advanceTime(): void {}
}

function benchGuest(rounds: number): Uint8Array {
  const fill: string[] = [];
  const take: string[] = [];
  for (let entry = 0; entry < UNROLL; entry++) {
    fill.push(`  mov %ebp, REQUEST_TAG + ${entry} * REQUEST_SIZE(%edi)`, '  inc %ebp');
    take.push(
      `  cmp COMPLETION_TAG + ${entry} * COMPLETION_SIZE(%esi), %edi`,
      '  jne broken',
      `  or COMPLETION_RETURN + ${entry} * COMPLETION_SIZE(%esi), %eax`,
      '  inc %edi',
    );
  }
  const text = `
RINGS = 0x200000
DONE_RING = 0x220000
BLOCK = 0x240000
image:
  .long 0x1badb002, 0x10000, 0 - 0x1badb002 - 0x10000
  .long 0x100000, 0x100000, 0x100000 + (image_end - image), 0x300000, 0x100000 + (start - image)
gdt:
  .long 0, 0, 0x0000ffff, 0x00cf9a00, 0x0000ffff, 0x00cf9200
gdt_pointer:
  .word 23
  .long 0x100000 + (gdt - image)
start:
  mov $0x300000, %esp
  mov $0x100000 + (gdt_pointer - image), %eax
  lgdt (%eax)
  mov $0x10, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  mov $RINGS, %edi                    # all no-ops of context 0; their tags follow
  xor %eax, %eax
  mov $${BATCH} * REQUEST_SIZE / 4, %ecx
  rep stosl
  mov $RINGS, %eax
  mov $PORT + REGISTER_REQUEST_RING, %edx
  out %eax, %dx
  mov $DONE_RING, %eax
  mov $PORT + REGISTER_COMPLETION_RING, %edx
  out %eax, %dx
  mov $${Math.log2(BATCH)}, %eax
  mov $PORT + REGISTER_RING_ORDER, %edx
  out %eax, %dx
  mov $1, %eax
  mov $PORT + REGISTER_CONTROL, %edx
  out %eax, %dx
  movl $COMMAND_IDLE, BLOCK
  xor %ebp, %ebp                      # requests so far
  mov $${rounds}, %ebx
round:
  push %ebx
  call mark
  mov $${PAIRS}, %ecx
  mov $${BARE_PORT}, %edx
bare:
  out %eax, %dx
  in %dx, %eax
  dec %ecx
  jnz bare
  call mark
  mov $${BATCHES}, %ebx
batch:
  mov $RINGS, %edi
  mov $${BATCH / UNROLL}, %ecx
fill:
${fill.join('\n')}
  add $${UNROLL} * REQUEST_SIZE, %edi
  dec %ecx
  jnz fill
  mov %ebp, %eax
  mov $PORT + REGISTER_REQUEST_TAIL, %edx
  out %eax, %dx
  mov $BLOCK, %eax
  mov $PORT + REGISTER_COMMAND, %edx
  out %eax, %dx
  mov $DONE_RING, %esi                # each completion is read: its tag and its value
  lea -${BATCH}(%ebp), %edi
  xor %eax, %eax
  mov $${BATCH / UNROLL}, %ecx
take:
${take.join('\n')}
  add $${UNROLL} * COMPLETION_SIZE, %esi
  dec %ecx
  jnz take
  test %eax, %eax
  jnz broken
  mov %ebp, %eax
  mov $PORT + REGISTER_COMPLETION_HEAD, %edx
  out %eax, %dx
  dec %ebx
  jnz batch
  call mark
  pop %ebx
  dec %ebx
  jnz round
broken:
  cli
  hlt
  jmp broken
mark:
  mov $${MARK_PORT}, %edx
  out %eax, %dx
  ret
image_end:
`;
  return assemble([portConstants(), { name: 'port bench', text }], 0x100000).bytes;
}
