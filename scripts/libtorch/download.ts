import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { formatBytes } from '../support/bytes.js';
import type { SetupContext } from '../support/context.js';

/** A server that sends nothing for so long (milliseconds) counts as gone. */
const silence = 30_000;

const attempts = 4;

/**
 * Downloads a large file with progress, through the proxy that the environment names. A broken
 * connection is taken up where it stopped; the length that the server announced is checked.
 */
export async function downloadFile(url: string, file: string, context: SetupContext): Promise<void> {
  const dispatcher = new EnvHttpProxyAgent({ headersTimeout: silence, bodyTimeout: silence });
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return await downloadRest(url, file, dispatcher, context);
      } catch (error) {
        if (attempt === attempts || error instanceof Refused || isDiskError(error)) throw plain(error);
        context.say(`  connection lost (${plain(error).message}), trying again…`);
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
      }
    }
  } finally {
    await dispatcher.close();
  }
}

/** The server answered, and the answer was no: asking again will not help. */
class Refused extends Error {}

async function downloadRest(
  url: string,
  file: string,
  dispatcher: EnvHttpProxyAgent,
  context: SetupContext,
): Promise<void> {
  const have = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  const response = await fetch(url, { dispatcher, headers: have > 0 ? { range: `bytes=${have}-` } : {} });
  if (!response.ok) {
    await response.body?.cancel();
    const text = `the server answered ${response.status} ${response.statusText}`;
    throw response.status >= 500 ? new Error(text) : new Refused(text);
  }
  const begin = response.status === 206 ? have : 0;
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = begin + length;
  const progress = new Progress(begin, total, context);
  const source = Readable.fromWeb(bodyOf(response));
  source.on('data', (chunk: Uint8Array) => progress.add(chunk.length));
  await pipeline(source, createWriteStream(file, { flags: begin > 0 ? 'a' : 'w' }));
  progress.end();
  if (!Number.isNaN(total) && progress.bytes !== total) {
    throw new Error(`${formatBytes(progress.bytes)} of ${formatBytes(total)} arrived`);
  }
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  if (response.body === null) throw new Error('the answer was empty');
  return response.body as ReadableStream<Uint8Array>;
}

/** Tells how far a download is: a line that is rewritten on a terminal, one every five seconds elsewhere. */
class Progress {
  bytes: number;
  private readonly begin = Date.now();
  private shown = 0;

  constructor(
    private readonly first: number,
    private readonly total: number,
    private readonly context: SetupContext,
  ) {
    this.bytes = first;
  }

  add(count: number): void {
    this.bytes += count;
    const now = Date.now();
    if (now - this.shown < (this.context.terminal ? 200 : 5000)) return;
    this.shown = now;
    if (this.context.terminal) process.stderr.write(`\r${this.text()}   `);
    else this.context.say(this.text());
  }

  end(): void {
    if (this.context.terminal) process.stderr.write(`\r${this.text()}   \n`);
  }

  private text(): string {
    const rate = (this.bytes - this.first) / Math.max((Date.now() - this.begin) / 1000, 0.001);
    const whole = Number.isNaN(this.total) ? '' : ` of ${formatBytes(this.total)}`;
    return `  ${formatBytes(this.bytes)}${whole}, ${formatBytes(rate)}/s`;
  }
}

function isDiskError(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** The cause says more than fetch's own "fetch failed". */
function plain(error: unknown): Error {
  const cause = (error as Error).cause;
  return cause instanceof Error ? cause : (error as Error);
}
