// SPDX-License-Identifier: MIT
/** Serves the files of one folder on 127.0.0.1, and nothing else. */
import { createReadStream, existsSync, readFileSync, type Stats, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { InputError } from './input-error.ts';

/** No path leads out of the folder, or into one below it; no file system takes longer names. */
const FILE_NAME = /^\w[\w.-]{0,199}$/;

/** A name that changes with what the file holds, so that browsers may keep it for good. */
const HASHED = /-[0-9A-Z]{8}\.\w+$/;

/** Kinds of files that are smaller when compressed. */
const COMPRESSED = new Set(['.html', '.css', '.js', '.txt', '.wasm', '.json', '.webmanifest']);

const HOST = '127.0.0.1';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.bin': 'application/octet-stream',
};

/** As in the page's own meta element, and what only a header can say. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

export interface WebServer {
  /** With a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `directory`; port 0 takes a free one. Throws InputError when it cannot. */
export async function serveDirectory(directory: string, port: number): Promise<WebServer> {
  if (!existsSync(join(directory, 'index.html'))) {
    throw new InputError({
      file: directory,
      expected: 'the built page (npm run build)',
      found: 'no index.html',
    });
  }
  const packed = new Map<string, Packed>();
  const server = createServer((request, response) => {
    try {
      answer(directory, packed, request, response);
    } catch (error) {
      // Whatever one request did, the next one is answered.
      if (response.headersSent) response.destroy();
      else end(response, 500, `this request could not be answered: ${(error as Error).message}`);
    }
  });
  await listen(server, port);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${bound}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const found: Record<string, string> = {
        EADDRINUSE: 'one that is in use (--port takes another)',
        EACCES: 'one that needs more permissions (--port takes another)',
      };
      reject(
        new InputError({
          file: `--port ${port}`,
          expected: `a port of ${HOST} that is free`,
          found: found[error.code ?? ''] ?? error.message,
        }),
      );
    });
    server.listen(port, HOST, resolve);
  });
}

/** A file compressed once, and the time of the file it was made from. */
interface Packed {
  readonly mtimeMs: number;
  readonly bytes: Buffer;
}

function answer(
  directory: string,
  packed: Map<string, Packed>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    end(response, 405, 'only GET and HEAD', { Allow: 'GET, HEAD' });
    return;
  }
  // A page elsewhere must not reach this one under another name.
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? '')) {
    end(response, 421, 'this server answers to 127.0.0.1 only');
    return;
  }
  const path = (request.url ?? '/').replace(/[?#].*$/, '').slice(1);
  const name = path === '' ? 'index.html' : path;
  const file = join(directory, name);
  const stats = FILE_NAME.test(name) ? statsOf(file) : undefined;
  if (!stats?.isFile()) {
    end(response, 404, 'not found');
    return;
  }
  const extension = extname(name);
  const headers: Record<string, string | number> = {
    ...HEADERS,
    'Content-Type': TYPES[extension] ?? 'application/octet-stream',
    'Cache-Control': HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    'Content-Length': stats.size,
  };
  let body: Buffer | undefined;
  if (COMPRESSED.has(extension)) {
    headers.Vary = 'Accept-Encoding';
    if (/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
      body = compressed(file, stats, packed);
      headers['Content-Encoding'] = 'gzip';
      headers['Content-Length'] = body.length;
    }
  }
  response.writeHead(200, headers);
  if (request.method === 'HEAD') response.end();
  else if (body !== undefined) response.end(body);
  else {
    createReadStream(file)
      .on('error', () => response.destroy())
      .pipe(response);
  }
}

/** What the file system says of a file; undefined for whatever it cannot look up. */
function statsOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function compressed(file: string, { mtimeMs }: Stats, packed: Map<string, Packed>): Buffer {
  const kept = packed.get(file);
  if (kept?.mtimeMs === mtimeMs) return kept.bytes;
  const bytes = gzipSync(readFileSync(file));
  packed.set(file, { mtimeMs, bytes });
  return bytes;
}

function end(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...HEADERS,
    'Cache-Control': 'no-cache',
    ...headers,
    'Content-Type': 'text/plain; charset=utf-8',
  });
  response.end(`${text}\n`);
}
