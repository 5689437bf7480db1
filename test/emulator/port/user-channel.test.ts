/** The user channel as processes of a guest see it: one window each, and none can disturb another. */
import { describe, expect, it } from 'vitest';
import {
  SILENCE_NS,
  type UserAnswer,
  UserChannel,
  type UserHost,
} from '../../../emulator/port/user-channel.ts';
import {
  GATE,
  GATE_MAGIC,
  keyMask,
  MESSAGE,
  WINDOW,
  WINDOW_COUNT,
  WINDOW_STATE,
  WINDOWS_BASE,
} from '../../../emulator/port/user-protocol.ts';
import type { UserMessage } from '../../../emulator/port/user-window.ts';

class Host implements UserHost {
  readonly requests: { message: UserMessage; at: number; answer: UserAnswer }[] = [];
  readonly gone_: [number, number][] = [];
  request(message: UserMessage, at: number, answer: UserAnswer): number {
    this.requests.push({ message, at, answer });
    return this.requests.length - 1;
  }
  pass(): void {}
  gone(request: number, _at: number, signal: number): void {
    this.gone_.push([request, signal]);
  }
}

/** FNV-1a written anew, from the definition. */
function fnv(start: bigint, bytes: Uint8Array): number {
  let hash = start;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
  return Number(hash);
}

/** The words of a message as a program puts them together. */
function words(key: number, operation: number, subject: string, stamp: number): number[] {
  const name = new TextEncoder().encode(subject);
  const length = (MESSAGE.STRINGS + name.length + 3) & ~3;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(MESSAGE.LENGTH, length - 8, true);
  view.setUint32(MESSAGE.OPERATION, operation, true);
  view.setUint32(MESSAGE.STAMP, stamp, true);
  view.setUint32(MESSAGE.SUBJECT_LENGTH, name.length, true);
  bytes.set(name, MESSAGE.STRINGS);
  view.setUint32(MESSAGE.SUM, fnv(BigInt(keyMask(key)), bytes.subarray(8)), true);
  return Array.from({ length: length / 4 }, (_, i) => view.getUint32(i * 4, true));
}

class Process {
  readonly key: number;
  readonly at: number;
  readonly channel: UserChannel;
  constructor(channel: UserChannel) {
    this.channel = channel;
    const handle = channel.readGate(GATE.OPEN);
    this.key = handle >>> 16;
    this.at = (handle & 0xffff) - WINDOWS_BASE;
  }
  send(subject: string, stamp = 1000): void {
    for (const word of words(this.key, 3, subject, stamp)) this.write(WINDOW.DATA, word);
  }
  write(register: number, value: number): void {
    this.channel.writeWindow(this.at + register, value);
  }
  poll(stamp: number): void {
    this.write(WINDOW.POLL, stamp);
    this.write(WINDOW.POLL, (stamp ^ keyMask(this.key)) >>> 0);
  }
  close(signal = 0): void {
    this.write(WINDOW.CLOSE, ((this.key << 16) | signal) >>> 0);
  }
  get state(): number {
    return this.channel.readWindow(this.at + WINDOW.STATE);
  }
  get data(): number {
    return this.channel.readWindow(this.at + WINDOW.DATA);
  }
}

function rig() {
  const host = new Host();
  let wall = 0;
  const channel = new UserChannel(host, () => wall);
  return { host, channel, passWall: (ms: number) => (wall += ms) };
}

describe('the user channel', () => {
  it('shows itself by its magic', () => {
    expect(rig().channel.readGate(GATE.MAGIC)).toBe(GATE_MAGIC);
  });

  it('hands each message to the host whole, however the words of processes mix', () => {
    const { channel, host } = rig();
    const processes = Array.from({ length: 300 }, () => new Process(channel));
    const queues = processes.map((one, i) => words(one.key, 3, `module-${i}`, 1000));
    for (let word = 0; word < 12; word++) {
      processes.forEach((one, i) => {
        if (queues[i]![word] !== undefined) one.write(WINDOW.DATA, queues[i]![word]!);
      });
    }
    const names = host.requests.map(({ message }) => new TextDecoder().decode(message.subject));
    expect(names.sort()).toEqual(processes.map((_, i) => `module-${i}`).sort());
    host.requests.at(-1)!.answer(-2, new TextEncoder().encode('no such'));
    expect(processes.filter((one) => one.state === WINDOW_STATE.READY)).toHaveLength(1);
    expect(channel.report().misuses).toBe(0);
  });

  it('gives an answer word by word: the value, the length, the bytes', () => {
    const { channel, host } = rig();
    const one = new Process(channel);
    one.send('x');
    host.requests[0]!.answer(-17, new TextEncoder().encode('12345'));
    expect([one.data | 0, one.data, one.data, one.data & 0xff]).toEqual([-17, 5, 0x34333231, 0x35]);
  });

  it('has no window for the process after the last, and one again when another ends', () => {
    const { channel } = rig();
    const all = Array.from({ length: WINDOW_COUNT }, () => new Process(channel));
    expect(channel.readGate(GATE.OPEN)).toBe(0);
    expect(channel.report()).toMatchObject({ full: 1, mostOpen: WINDOW_COUNT });
    all[500]!.close();
    expect(channel.readGate(GATE.OPEN)).not.toBe(0);
  });

  it('serves 10,000 processes, one after the other and many at once, and leaks nothing', () => {
    const { channel, host } = rig();
    const open: Process[] = [];
    for (let i = 0; i < 10_000; i++) {
      const one = new Process(channel);
      one.send(`m${i}`);
      open.push(one);
      if (open.length === 900) {
        for (const done of open.splice(0)) done.close(i % 3 === 0 ? 9 : 0);
      }
    }
    for (const done of open) done.close();
    expect(host.requests).toHaveLength(10_000);
    expect(channel.open).toBe(0);
  });

  it.each([
    ['CLOSE with another key', WINDOW.CLOSE, 0x1234_0009],
    ['CLOSE with no key', WINDOW.CLOSE, 9],
    ['a write to STATE', WINDOW.STATE, 3],
  ])('is not moved by %s from a process that has not the key', (_, register, value) => {
    const { channel, host } = rig();
    const victim = new Process(channel);
    victim.send('mine');
    victim.write(register, value);
    expect(victim.state).toBe(WINDOW_STATE.WAITING);
    expect(host.gone_).toEqual([]);
    expect(channel.report().misuses).toBe(1);
    host.requests[0]!.answer(0, new Uint8Array());
    expect(victim.state).toBe(WINDOW_STATE.READY);
  });

  it('finds a word that another process wrote into a message: the message is sent again', () => {
    const { channel, host } = rig();
    const victim = new Process(channel);
    const mine = words(victim.key, 3, 'btrfs', 1000);
    for (const word of mine.slice(0, 5)) victim.write(WINDOW.DATA, word);
    victim.write(WINDOW.DATA, 0x41414141);
    for (const word of mine.slice(5)) victim.write(WINDOW.DATA, word);
    expect(victim.state).toBe(WINDOW_STATE.DAMAGED);
    expect(host.requests).toEqual([]);
  });

  it.each([0, 3, 20, 0x7fffffff, 0xffffffff])('refuses a length of %i', (length) => {
    const { channel } = rig();
    const one = new Process(channel);
    one.write(WINDOW.DATA, length);
    expect(one.state).toBe(WINDOW_STATE.DAMAGED);
    expect(channel.report().misuses).toBe(1);
  });

  it('lets no stamp move time by an hour, and none move it back', () => {
    const { channel, passWall } = rig();
    const one = new Process(channel);
    one.send('x', 5_000_000);
    passWall(100);
    one.poll(5_000_000 + 3_600_000_000 - 1);
    expect(channel.now).toBe(5e9);
    one.poll(4_000_000);
    expect(channel.now).toBe(5e9);
    one.poll(5_050_000);
    expect(channel.now).toBe(5.05e9);
  });

  it('goes on over the turn of the stamp at 2^32 microseconds', () => {
    const { channel, passWall } = rig();
    const one = new Process(channel);
    one.send('x', 2 ** 32 - 10);
    passWall(100);
    one.poll(90);
    expect(channel.now).toBe((2 ** 32 + 90) * 1000);
  });

  it('gives back the window of a process that was killed without a word', () => {
    const { channel, host, passWall } = rig();
    const dead = new Process(channel);
    dead.send('slow', 0);
    const alive = new Process(channel);
    alive.send('other', 0);
    for (let us = 0; us <= (SILENCE_NS + 2e9) / 1000; us += 500_000) {
      passWall(500);
      alive.poll(us);
    }
    expect(host.gone_).toEqual([[0, 9]]);
    expect(channel.report().abandoned).toBe(1);
    expect(channel.open).toBe(1);
    expect(dead.state).toBe(WINDOW_STATE.CLOSED);
  });

  it('survives a million wild accesses, and serves the next process', () => {
    const { channel, host } = rig();
    let seed = 1;
    const random = (n: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * n);
    };
    for (let i = 0; i < 1_000_000; i++) {
      const offset = random(WINDOW_COUNT * 4) * 4;
      if (random(100) === 0) channel.readGate(GATE.OPEN);
      else if (random(2) === 0) channel.readWindow(offset);
      else channel.writeWindow(offset, random(2 ** 32));
    }
    expect(host.requests).toEqual([]);
    expect(channel.now).toBe(0);
    expect(channel.report().misuses).toBeGreaterThan(0);
  });
});
