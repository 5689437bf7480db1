/** Serves the files of one folder on 127.0.0.1, and nothing else. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { InputError } from './input-error.ts';

/** No path leads out of the folder, or into one below it. */
const FILE_NAME = /^\w[\w.-]*$/;

const HOST = '127.0.0.1';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
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
  // Files keep their names from build to build.
  'Cache-Control': 'no-cache',
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
  const server = createServer((request, response) => answer(directory, request, response));
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

function answer(directory: string, request: IncomingMessage, response: ServerResponse): void {
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
  const stats = FILE_NAME.test(name) ? statSync(file, { throwIfNoEntry: false }) : undefined;
  if (!stats?.isFile()) {
    end(response, 404, 'not found');
    return;
  }
  response.writeHead(200, {
    ...HEADERS,
    'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
    'Content-Length': stats.size,
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response);
}

function end(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...HEADERS,
    ...headers,
    'Content-Type': 'text/plain; charset=utf-8',
  });
  response.end(`${text}\n`);
}
