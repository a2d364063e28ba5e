import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A web server on this machine whose answers a test writes itself. */
export class FileServer {
  readonly requests: { url: string; range: string | undefined; ifRange: string | undefined }[] = [];
  private readonly server: Server;

  private constructor(handler: Handler) {
    this.server = createServer((request, response) => {
      const { range, 'if-range': ifRange } = request.headers;
      this.requests.push({ url: request.url ?? '', range, ifRange: ifRange as string | undefined });
      handler(request, response, this.requests.length);
    });
  }

  static async start(handler: Handler): Promise<FileServer> {
    const made = new FileServer(handler);
    await new Promise<void>((resolve) => made.server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  url(path = '/file.bin'): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Bytes that look random, the same each time. */
export function someBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 12345;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** Answers as a static server does: ranges, `If-Range`, an ETag. */
export function serve(body: Buffer, request: IncomingMessage, response: ServerResponse, etag = '"v1"'): void {
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const ifRange = request.headers['if-range'];
  if (range && (ifRange === undefined || ifRange === etag)) {
    const start = Number(range[1]);
    if (start >= body.length) {
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
      return;
    }
    response.writeHead(206, {
      etag,
      'content-length': body.length - start,
      'content-range': `bytes ${start}-${body.length - 1}/${body.length}`,
    });
    response.end(body.subarray(start));
    return;
  }
  response.writeHead(200, { etag, 'content-length': body.length }).end(body);
}

/** Sends the first bytes of a full answer, then breaks the connection. */
export function breakOff(body: Buffer, length: number, response: ServerResponse, etag = '"v1"'): void {
  response.writeHead(200, { etag, 'content-length': body.length });
  // The client needs time to read: a reset overtakes the bytes that are still on their way.
  response.write(body.subarray(0, length), () => setTimeout(() => response.destroy(), 500));
}

/** A folder of its own for a test, and its removal. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'torchts-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Calls straight, whatever proxy the machine has; gives back what undoes it. */
export function withoutProxies(): () => void {
  const names = [
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'http_proxy',
    'https_proxy',
    'NO_PROXY',
    'no_proxy',
    'TORCHTS_MIRROR',
  ];
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
