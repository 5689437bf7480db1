// SPDX-License-Identifier: MIT
/** A WebSocket for text on this machine (RFC 6455); Node has one from version 22 on. */
import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import type { Socket } from 'node:net';

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

export class TextSocket {
  readonly #socket: Socket;
  readonly #onText: (text: string) => void;
  #unread: Buffer;
  #parts: Buffer[] = [];

  private constructor(socket: Socket, head: Buffer, onText: (text: string) => void) {
    this.#socket = socket;
    this.#onText = onText;
    this.#unread = head;
    socket.on('data', (chunk: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, chunk]);
      this.#read();
    });
    this.#read();
  }

  /** Opens `http://127.0.0.1:PORT/path` as a WebSocket. */
  static open(url: string, onText: (text: string) => void): Promise<TextSocket> {
    return new Promise((resolve, reject) => {
      const request = get(url, {
        headers: {
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Version': '13',
          'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
        },
      });
      request.on('error', reject);
      request.on('response', ({ statusCode }) => reject(new Error(`${url}: HTTP ${statusCode}`)));
      request.on('upgrade', (_, socket, head) => {
        resolve(new TextSocket(socket as Socket, head, onText));
      });
    });
  }

  send(text: string): void {
    this.#write(TEXT, Buffer.from(text));
  }

  close(): void {
    this.#socket.destroy();
  }

  #write(opcode: number, payload: Buffer): void {
    const { length } = payload;
    const head = Buffer.alloc(length < 126 ? 2 : length < 0x1_0000 ? 4 : 10);
    head[0] = 0x80 | opcode;
    if (length < 126) head[1] = 0x80 | length;
    else if (length < 0x1_0000) {
      head[1] = 0x80 | 126;
      head.writeUInt16BE(length, 2);
    } else {
      head[1] = 0x80 | 127;
      head.writeBigUInt64BE(BigInt(length), 2);
    }
    const mask = randomBytes(4);
    const masked = Buffer.from(payload.map((byte, i) => byte ^ mask[i & 3]!));
    this.#socket.write(Buffer.concat([head, mask, masked]));
  }

  #read(): void {
    for (;;) {
      const bytes = this.#unread;
      if (bytes.length < 2) return;
      let [at, length] = [2, bytes[1]! & 0x7f];
      if (length === 126) {
        if (bytes.length < 4) return;
        [at, length] = [4, bytes.readUInt16BE(2)];
      } else if (length === 127) {
        if (bytes.length < 10) return;
        [at, length] = [10, Number(bytes.readBigUInt64BE(2))];
      }
      if (bytes.length < at + length) return;
      this.#unread = bytes.subarray(at + length);
      this.#frame(bytes[0]! & 0x0f, bytes[0]! >= 0x80, bytes.subarray(at, at + length));
    }
  }

  #frame(opcode: number, isLast: boolean, payload: Buffer): void {
    if (opcode === PING) this.#write(PONG, payload);
    if (opcode === CLOSE) this.close();
    if (opcode > TEXT) return;
    this.#parts.push(payload);
    if (!isLast) return;
    const text = Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#onText(text);
  }
}
