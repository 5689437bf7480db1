// SPDX-License-Identifier: MIT
/** The page's server: what it serves, to whom, and how the command ends. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveDirectory, type WebServer } from '../../../scripts/cli/web-server.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CLI = join(ROOT, 'dist', 'cli.js');

const SCRIPT = 'export {};\n'.repeat(200);

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A request whose path is sent as it stands, which fetch() would tidy up. */
function ask(url: string, path: string, method = 'GET', host?: string): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { host };
    const asked = request({ hostname, port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body }),
      );
    });
    asked.on('error', reject).end();
  });
}

describe('the server', () => {
  let dir: string;
  let server: WebServer;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'modstorm-server-'));
    mkdirSync(join(dir, 'page', 'below'), { recursive: true });
    writeFileSync(join(dir, 'secret.txt'), 'secret');
    writeFileSync(join(dir, 'page', 'index.html'), '<title>page</title>');
    writeFileSync(join(dir, 'page', 'v86.wasm'), 'wasm');
    writeFileSync(join(dir, 'page', '.hidden'), 'hidden');
    writeFileSync(join(dir, 'page', 'page-0A1B2C3D.js'), SCRIPT);
    writeFileSync(join(dir, 'page', 'below', 'file.js'), 'below');
    server = await serveDirectory(join(dir, 'page'), 0);
  });
  afterAll(async () => {
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('serves the page at its root with a strict policy and the right types', async () => {
    const page = await ask(server.url, '/');
    expect(page).toMatchObject({ status: 200, body: '<title>page</title>' });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const policy = page.headers['content-security-policy']!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/'unsafe-|\*|http/);
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    const wasm = await ask(server.url, '/v86.wasm?x=1');
    expect(wasm.headers['content-type']).toBe('application/wasm');
    const head = await ask(server.url, '/', 'HEAD');
    expect(head).toMatchObject({ status: 200, body: '' });
  });

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/below/file.js',
    '/below',
    '/.hidden',
    '/none.js',
    '//etc/passwd',
    '/index.html%00',
    `/${'a'.repeat(300)}`,
    `/${'a'.repeat(200)}`,
    `/${'%41'.repeat(2000)}`,
  ])('finds nothing at %s', async (path) => {
    expect((await ask(server.url, path)).status).toBe(404);
  });

  it('compresses what gets smaller, for those who take it, and keeps hashed names for good', async () => {
    const plain = await ask(server.url, '/page-0A1B2C3D.js');
    expect(plain.headers).not.toHaveProperty('content-encoding');
    expect(plain.headers['cache-control']).toContain('immutable');
    expect((await ask(server.url, '/')).headers['cache-control']).toBe('no-cache');
    const packed = await fetch(`${server.url}page-0A1B2C3D.js`);
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(Number(packed.headers.get('content-length'))).toBeLessThan(SCRIPT.length / 4);
    expect(await packed.text()).toBe(SCRIPT);
  });

  it('answers nobody who calls it by another name, and takes nothing', async () => {
    expect((await ask(server.url, '/', 'GET', 'example.org')).status).toBe(421);
    expect((await ask(server.url, '/', 'POST')).status).toBe(405);
  });

  it('says what is wrong with a folder that holds no page, and with a port in use', async () => {
    await expect(serveDirectory(dir, 0)).rejects.toThrow(/expected the built page .*index\.html/);
    const port = Number(new URL(server.url).port);
    await expect(serveDirectory(join(dir, 'page'), port)).rejects.toThrow(/one that is in use/);
  });
});

describe('modstorm web', () => {
  beforeAll(() => {
    // `npm test` builds first; a direct run of the test runner may not have.
    if (!existsSync(CLI)) spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')]);
  });

  it('prints its address, serves the page and ends with 130 on Ctrl-C', async () => {
    const child = spawn(process.execPath, [CLI, 'web', '--port', '0']);
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const url = await new Promise<string>((resolve) =>
      child.stdout.once('data', (text) => resolve(String(text).trim())),
    );
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect((await ask(url, `/${'a'.repeat(300)}`)).status).toBe(404);
    expect((await ask(url, '/')).body).toContain('<title>modstorm inspector</title>');
    child.kill('SIGINT');
    expect(await ended).toBe(130);
  });

  it('refuses a port in use or out of range with 2', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) =>
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)),
    );
    const run = spawnSync(process.execPath, [CLI, 'web', '--port', String(port)], {
      encoding: 'utf8',
    });
    taken.close();
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(`--port ${port}: expected a port of 127.0.0.1 that is free`);
    const wrong = spawnSync(process.execPath, [CLI, 'web', '--port', '70000'], {
      encoding: 'utf8',
    });
    expect(wrong.status).toBe(2);
  });
});
