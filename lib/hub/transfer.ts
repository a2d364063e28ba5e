import { mkdir, open, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Dispatcher } from 'undici';
import { AttemptError, get, type HttpOptions, type HttpResponse, networkError, single } from './http.js';
import { formatBytes } from './progress.js';

/** One attempt to bring a file, or the rest of it, from one URL. */
export interface Transfer extends HttpOptions {
  url: string;
  /** The partial file. */
  part: string;
  /** Whether a checksum will tell if pieces of different origin fit: allows to resume without a validator. */
  verifiable: boolean;
  onBytes: (received: number, total: number | undefined, fresh: number) => void;
}

/** What is known about a partial file, kept beside it. */
interface PartInfo {
  url: string;
  /** A strong ETag or a date, for `If-Range`. */
  validator?: string;
  total?: number;
}

const infoOf = (part: string): string => `${part}.json`;

/** Forgets a partial file. */
export async function discardPart(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(infoOf(part), { force: true });
}

/** Removes what is kept beside a partial file that has become whole. */
export async function forgetPartInfo(part: string): Promise<void> {
  await rm(infoOf(part), { force: true });
}

/**
 * Brings the partial file to its full length: resumes it where the server can, else starts anew.
 *
 * @returns whether bytes of an earlier attempt are in it
 * @throws AttemptError what went wrong on the network; disk errors as they are
 */
export async function transfer(agent: Dispatcher, job: Transfer): Promise<{ resumed: boolean }> {
  await mkdir(dirname(job.part), { recursive: true });
  const { offset, info } = await resumePoint(job);
  const headers: Record<string, string> = {};
  if (offset > 0) {
    headers.range = `bytes=${offset}-`;
    if (info?.url === job.url && info.validator !== undefined) headers['if-range'] = info.validator;
  }
  let response: HttpResponse;
  try {
    response = await get(agent, job.url, headers, job);
  } catch (error) {
    job.signal?.throwIfAborted();
    throw networkError(error, job);
  }
  if (response.statusCode === 416) {
    response.body.on('error', () => {}).destroy();
    const total = contentRange(response)?.total;
    if (offset > 0 && total === offset) return { resumed: true };
    await discardPart(job.part);
    throw new AttemptError('the partial file does not fit what the server has; it is dropped', true, {
      status: 416,
    });
  }

  const resumes = response.statusCode === 206;
  const range = resumes ? contentRange(response) : undefined;
  const length = Number(single(response.headers['content-length']) ?? Number.NaN);
  const start = resumes ? offset : 0;
  const total = range?.total ?? (Number.isFinite(length) ? start + length : undefined);
  if (resumes && (range?.start !== offset || (info?.total !== undefined && total !== info.total))) {
    response.body.on('error', () => {}).destroy();
    await discardPart(job.part);
    throw new AttemptError('the server sent another part than was asked for; starting anew', true);
  }
  try {
    if (total !== undefined) await checkSpace(dirname(job.part), total - start);
    await writeInfo(job, response, total);
    await receive(job, response, start, total);
  } finally {
    response.body.on('error', () => {}).destroy();
  }
  return { resumed: resumes && offset > 0 };
}

/** How much of the file can be kept from earlier. */
async function resumePoint(job: Transfer): Promise<{ offset: number; info: PartInfo | undefined }> {
  const size = (await stat(job.part).catch(() => undefined))?.size ?? 0;
  const info = await readInfo(job.part);
  const sameSource = info?.url === job.url && info.validator !== undefined;
  if (
    size === 0 ||
    !info ||
    (!sameSource && !job.verifiable) ||
    (info.total !== undefined && size > info.total)
  ) {
    return { offset: 0, info: undefined };
  }
  return { offset: size, info };
}

async function readInfo(part: string): Promise<PartInfo | undefined> {
  try {
    return JSON.parse(await readFile(infoOf(part), 'utf8')) as PartInfo;
  } catch {
    return undefined;
  }
}

async function writeInfo(job: Transfer, response: HttpResponse, total: number | undefined): Promise<void> {
  const etag = single(response.headers.etag);
  const strong = etag !== undefined && !etag.startsWith('W/') ? etag : undefined;
  const info: PartInfo = {
    url: job.url,
    validator: strong ?? single(response.headers['last-modified']),
    total,
  };
  await writeFile(infoOf(job.part), JSON.stringify(info));
}

function contentRange(response: HttpResponse): { start?: number; total?: number } | undefined {
  const match = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(single(response.headers['content-range']) ?? '');
  if (!match) return undefined;
  return {
    start: match[1] === undefined ? undefined : Number(match[1]),
    total: match[2] === '*' ? undefined : Number(match[2]),
  };
}

async function receive(
  job: Transfer,
  response: HttpResponse,
  start: number,
  total: number | undefined,
): Promise<void> {
  const file = await open(job.part, start > 0 ? 'r+' : 'w');
  try {
    let position = start;
    job.onBytes(position, total, 0);
    const chunks = response.body[Symbol.asyncIterator]();
    for (;;) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await chunks.next();
      } catch (error) {
        job.signal?.throwIfAborted();
        throw networkError(error, job);
      }
      if (next.done) break;
      for (let written = 0; written < next.value.length; ) {
        written += (await file.write(next.value, written, next.value.length - written, position + written))
          .bytesWritten;
      }
      position += next.value.length;
      job.onBytes(position, total, next.value.length);
    }
    if (total !== undefined && position !== total) {
      throw new AttemptError(`the connection broke off after ${position} of ${total} bytes`, true);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Throws an `ENOSPC` error beforehand where the disk cannot take so many bytes. */
export async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (bytes <= free) return;
  const error: NodeJS.ErrnoException = new Error(
    `the disk is too full: ${formatBytes(bytes)} are needed, ${formatBytes(free)} are free`,
  );
  error.code = 'ENOSPC';
  throw error;
}
