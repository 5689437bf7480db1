// SPDX-License-Identifier: MIT
// The kernel's gzip decoder: what a whole file gives, and the status of one that is cut off.
import { gzipSync } from 'node:zlib';
import { decodeGzip } from 'modstorm/decompress';

const file = gzipSync(Buffer.alloc(100_000, 'module'));
const whole = decodeGzip(file);
console.log(`ok ${whole.ok}, ${whole.image.length} bytes in ${whole.pages} pages`);
for (const { purpose, bytes, how } of whole.vm) console.log(`${purpose}: ${bytes} bytes, ${how}`);

const cut = decodeGzip(file.subarray(0, 100));
console.log(`ok ${cut.ok}, status ${cut.status}, errno ${cut.errno}: ${cut.message}`);
