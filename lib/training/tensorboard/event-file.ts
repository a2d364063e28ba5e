import {
  close as closeWithCallback,
  mkdirSync,
  openSync,
  writeSync,
  write as writeWithCallback,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TorchError } from '../../errors.js';
import { type EventValue, encodeEvent } from './messages.js';
import { frame } from './record.js';

const closeFile = promisify(closeWithCallback);
const writeFile = promisify(writeWithCallback);

/** How an event file is written. */
export interface EventFileOptions {
  /** Events that wait in memory before they are written; default 10. */
  maxQueue?: number;
  /** Seconds after which waiting events are written in any case; default 120. */
  flushSecs?: number;
  /** Appended to the file's name; default `''`. */
  filenameSuffix?: string;
}

/** Files with events that may not be written yet when the process ends. */
const openFiles = new Set<EventFile>();
let files = 0;

function writeRests(): void {
  for (const file of openFiles) file.writeRest();
}

function failed(path: string, cause: unknown): TorchError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TorchError(
    `cannot write the TensorBoard events ${path} (${reason}); give a folder that may be written and has space left`,
    'ERR_FILE',
    { cause },
  );
}

/**
 * One event file. The folder and the file are made at once, so that a wrong path is an error where it
 * is given; events are written behind the caller's back, and also when the process ends without `close`.
 */
export class EventFile {
  readonly path: string;
  private readonly fd: number;
  private readonly maxQueue: number;
  private readonly flushMs: number;
  private queue: Uint8Array[] = [];
  /** What is being written now, and where: at the end of the process it is written once more, at the same place. */
  private underway: { data: Uint8Array; at: number } | null = null;
  private position = 0;
  private pump: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private failure: TorchError | null = null;

  /** @throws TorchError (`ERR_FILE`) when the folder or the file cannot be made */
  constructor(logDir: string, options: EventFileOptions = {}) {
    this.maxQueue = options.maxQueue ?? 10;
    this.flushMs = (options.flushSecs ?? 120) * 1000;
    const { path, fd } = create(logDir, options.filenameSuffix ?? '');
    this.path = path;
    this.fd = fd;
    if (openFiles.size === 0) process.on('exit', writeRests);
    openFiles.add(this);
    this.add({ wallTime: Date.now() / 1000, fileVersion: 'brain.Event:2', writer: 'torchts' });
    this.start();
  }

  /**
   * Queues an event.
   *
   * @throws TorchError (`ERR_FILE`) when writing failed earlier
   */
  add(event: EventValue): void {
    if (this.failure) throw this.failure;
    this.queue.push(frame(encodeEvent(event)));
    if (this.queue.length >= this.maxQueue) this.start();
    else this.timer ??= setTimeout(() => this.start(), Math.min(this.flushMs, 2 ** 31 - 1)).unref();
  }

  /**
   * Waits until all events are written.
   *
   * @throws TorchError (`ERR_FILE`) when they cannot be
   */
  async flush(): Promise<void> {
    this.start();
    await this.pump;
    if (this.failure) throw this.failure;
  }

  /** Writes what is left and closes the file. */
  async close(): Promise<void> {
    if (!openFiles.has(this)) return;
    try {
      await this.flush();
    } finally {
      if (this.timer) clearTimeout(this.timer);
      openFiles.delete(this);
      if (openFiles.size === 0) process.off('exit', writeRests);
      await closeFile(this.fd);
    }
  }

  /** Writes what is left, now. For the end of the process, where nothing can be awaited. */
  writeRest(): void {
    if (this.failure) return;
    const rest = Buffer.concat(this.queue);
    this.queue = [];
    try {
      if (this.underway) writeAllSync(this.fd, this.underway.data, this.underway.at);
      writeAllSync(this.fd, rest, this.position);
      this.position += rest.length;
    } catch (error) {
      this.failure = failed(this.path, error);
    }
  }

  private start(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.pump !== null || this.queue.length === 0 || this.failure) return;
    this.pump = this.writeQueue();
  }

  private async writeQueue(): Promise<void> {
    try {
      while (this.queue.length > 0) {
        const data = Buffer.concat(this.queue);
        this.queue = [];
        this.underway = { data, at: this.position };
        this.position += data.length;
        await writeAll(this.fd, data, this.underway.at);
        this.underway = null;
      }
    } catch (error) {
      // Kept for the next call: an error of a write behind the caller's back has nobody to catch it here.
      this.failure = failed(this.path, error);
      this.queue = [];
      this.underway = null;
    } finally {
      // At once and not in a later microtask: an event that came in between would find nobody to write it.
      this.pump = null;
    }
  }
}

/** Makes the file that TensorBoard looks for; another thread of this process may have taken the first name. */
function create(logDir: string, suffix: string): { path: string; fd: number } {
  const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
  let path = logDir;
  try {
    mkdirSync(logDir, { recursive: true });
    for (;;) {
      const name = `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${files++}${suffix}`;
      path = join(logDir, name);
      try {
        return { path, fd: openSync(path, 'wx') };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  } catch (error) {
    throw failed(path, error);
  }
}

async function writeAll(fd: number, data: Uint8Array, at: number): Promise<void> {
  let done = 0;
  while (done < data.length) {
    const { bytesWritten } = await writeFile(fd, data, done, data.length - done, at + done);
    done += bytesWritten;
  }
}

function writeAllSync(fd: number, data: Uint8Array, at: number): void {
  let done = 0;
  while (done < data.length) done += writeSync(fd, data, done, data.length - done, at + done);
}
