import { mkdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { ArgumentError, ChecksumError, DownloadError, TorchError, ValueError } from '../errors.js';
import { type Checksum, checksumOf, describeChecksum, hashFile, matches } from './checksum.js';
import { diskError, downloadError, type Failure } from './failures.js';
import { AttemptError, openAgent } from './http.js';
import { withLock } from './lock.js';
import { mirrored } from './mirror.js';
import { type ProgressCallback, type Reporter, reporterOf } from './progress.js';
import { discardPart, forgetPartInfo, transfer } from './transfer.js';

export interface DownloadOptions {
  /** `true` (default): a bar on standard error (plain lines where that is no terminal); `false`: silent; or a callback. */
  progress?: boolean | ProgressCallback;
  /** Expected SHA-256: all 64 digits, or the first eight or more. */
  sha256?: string;
  /** Expected MD5, 32 digits. */
  md5?: string;
  /** URL that takes the place of scheme and host of every address. Default: the variable `TORCHTS_MIRROR`. */
  mirror?: string;
  /** Milliseconds until a connection must stand. Default 15,000. */
  connectTimeout?: number;
  /** Milliseconds without a byte after which the attempt is given up. Default 30,000. */
  idleTimeout?: number;
  /** How often an address is tried again after a failure that may pass. Default 3. */
  retries?: number;
  /** Milliseconds before the first retry; doubled each time. Default 500. */
  backoff?: number;
  /** Gives up; the partial file stays, and a later call resumes it. */
  signal?: AbortSignal;
  /** More lines for the list of remedies in the error message. */
  remedies?: readonly string[];
}

interface Job
  extends Required<Pick<DownloadOptions, 'connectTimeout' | 'idleTimeout' | 'retries' | 'backoff'>> {
  urls: readonly string[];
  destination: string;
  part: string;
  checksum: Checksum | undefined;
  reporter: Reporter;
  signal: AbortSignal | undefined;
  remedies: readonly string[];
}

const longestBackoffMs = 30_000;
const longestRetryAfterMs = 60_000;

/**
 * Brings a file from the network, unless it is there already.
 *
 * An interrupted download is resumed (`<destination>.part`), a failed attempt is repeated with
 * growing pauses, then the next mirror is tried. The checksum, where one is given, is verified
 * before the file gets its name, by an atomic rename. Several processes may ask for the same file:
 * one downloads, the others wait and use it. Proxies of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`
 * are used. A file that is there but has another checksum is replaced.
 *
 * @param source one URL, or several that give the same file, in the order to try them
 * @returns the absolute path of the file
 * @throws DownloadError naming every address with its failure, the path, and the remedies
 * @throws ChecksumError where what arrived is not what was expected; it is not kept
 */
export async function download(
  source: string | URL | readonly (string | URL)[],
  destination: string,
  options: DownloadOptions = {},
): Promise<string> {
  const job = jobOf(source, destination, options);
  if (await isPresent(job)) return job.destination;
  try {
    await mkdir(dirname(job.destination), { recursive: true });
    const onWait = (pid?: number) =>
      job.reporter.note(
        `Waiting for ${pid ? `process ${pid}` : 'another process'}, which downloads ${job.destination}`,
      );
    await withLock(`${job.destination}.lock`, { signal: job.signal, onWait }, async () => {
      if (!(await isPresent(job))) await fetchFrom(job);
    });
  } catch (error) {
    job.signal?.throwIfAborted();
    throw error instanceof TorchError ? error : diskError(error, job);
  } finally {
    job.reporter.close();
  }
  return job.destination;
}

function jobOf(
  source: string | URL | readonly (string | URL)[],
  destination: string,
  options: DownloadOptions,
): Job {
  const sources = (Array.isArray(source) ? source : [source]) as readonly (string | URL)[];
  if (sources.length === 0) throw new ValueError('download: at least one URL is expected');
  if (typeof destination !== 'string' || destination === '') {
    throw new ArgumentError(`download: destination must be a path, ${String(destination)} was given`);
  }
  const path = resolve(destination);
  return {
    urls: mirrored(sources, options.mirror),
    destination: path,
    part: `${path}.part`,
    checksum: checksumOf(options),
    connectTimeout: options.connectTimeout ?? 15_000,
    idleTimeout: options.idleTimeout ?? 30_000,
    retries: options.retries ?? 3,
    backoff: options.backoff ?? 500,
    reporter: reporterOf(options.progress, basename(path)),
    signal: options.signal,
    remedies: options.remedies ?? [],
  };
}

async function isPresent({ destination, checksum, signal }: Job): Promise<boolean> {
  const there = await stat(destination).catch(() => undefined);
  if (!there) return false;
  if (!there.isFile()) throw new DownloadError(`${destination} is not a file; it cannot be downloaded to`);
  return !checksum || matches(await hashFile(destination, checksum.algorithm, signal), checksum);
}

async function fetchFrom(job: Job): Promise<void> {
  const failures: Failure[] = [];
  const agent = await openAgent(job);
  try {
    for (const url of job.urls) {
      const failure = await fetchUrl(agent, job, url);
      if (!failure) return;
      failures.push(failure);
    }
  } finally {
    await agent.destroy();
  }
  throw downloadError(failures, job);
}

/** All attempts at one URL. Gives why it was given up, or nothing where the file is there. */
async function fetchUrl(agent: Dispatcher, job: Job, url: string): Promise<Failure | undefined> {
  const meter = new Meter(job, url);
  let attempts = 0;
  for (let retry = 0; ; retry++) {
    attempts++;
    try {
      const { resumed } = await transfer(agent, {
        ...job,
        url,
        verifiable: !!job.checksum,
        onBytes: meter.count,
      });
      const wrong = await verify(job);
      if (!wrong) {
        await rename(job.part, job.destination);
        await forgetPartInfo(job.part);
        meter.finish();
        return undefined;
      }
      await discardPart(job.part);
      // What was resumed may have been a piece of something else: that deserves one clean attempt.
      if (!resumed) return { url, error: wrong };
      job.reporter.note(`${basename(job.destination)}: the resumed file is broken, starting anew`);
    } catch (error) {
      if (!(error instanceof AttemptError)) {
        if ((error as NodeJS.ErrnoException).code === 'ENOSPC') await discardPart(job.part);
        throw error;
      }
      // A slow or shaky line gets there in the end: only attempts that bring nothing new count.
      if (meter.advanced()) retry = 0;
      if (!error.retryable || retry >= job.retries) return { url, error, attempts };
      const pause = pauseBefore(retry, job.backoff, error.retryAfterMs);
      job.reporter.note(
        `${basename(job.destination)}: ${error.message}; trying again in ${(pause / 1000).toFixed(1)} s`,
      );
      await sleep(pause, undefined, { signal: job.signal });
    }
  }
}

async function verify({ part, checksum, signal }: Job): Promise<ChecksumError | undefined> {
  if (!checksum) return undefined;
  const hash = await hashFile(part, checksum.algorithm, signal);
  if (matches(hash, checksum)) return undefined;
  const found = describeChecksum({ algorithm: checksum.algorithm, digits: hash });
  return new ChecksumError(`${describeChecksum(checksum)} was expected, ${found} arrived`);
}

function pauseBefore(attempt: number, backoff: number, retryAfterMs: number | undefined): number {
  if (retryAfterMs !== undefined) return Math.min(retryAfterMs, longestRetryAfterMs);
  return Math.min(backoff * 2 ** attempt, longestBackoffMs) * (0.75 + Math.random() / 2);
}

/** Counts bytes and reports them. */
class Meter {
  private readonly started = performance.now();
  private transferred = 0;
  private received = 0;
  private total: number | undefined;
  private furthest = 0;

  constructor(
    private readonly job: Job,
    private readonly url: string,
  ) {}

  readonly count = (received: number, total: number | undefined, fresh: number): void => {
    this.transferred += fresh;
    this.received = received;
    this.total = total;
    this.report(false);
  };

  /** Whether more of the file is there than at the last question. */
  advanced(): boolean {
    const further = this.received > this.furthest;
    this.furthest = Math.max(this.furthest, this.received);
    return further;
  }

  finish(): void {
    this.total = this.received;
    this.report(true);
  }

  private report(done: boolean): void {
    const seconds = (performance.now() - this.started) / 1000;
    this.job.reporter.update({
      url: this.url,
      file: this.job.destination,
      received: this.received,
      total: this.total,
      bytesPerSecond: seconds > 0 ? this.transferred / seconds : 0,
      done,
    });
  }
}
