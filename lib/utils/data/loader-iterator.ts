/** One pass over a loader. */
import { TorchError, ValueError } from '../../errors.js';
import { type Fetcher, type Indices, ReadyBatch } from './fetch.js';
import type { WorkerStream } from './worker-stream.js';

/** A batch under way. */
interface Entry {
  indices: Indices;
  worker: number;
  loaded: unknown;
  /** Set once the second phase was started. */
  result?: unknown;
  started: boolean;
}

export interface PassSettings {
  indices: Iterator<Indices>;
  fetcher: Fetcher;
  /** One stream for each worker; none where the loader works for itself. */
  streams: readonly WorkerStream[];
  /** Batches under way at once, counting the one asked for. */
  ahead: number;
  /** Whether indices may be drawn before their batch is asked for. */
  eager: boolean;
  /** Seconds; 0 for no limit. */
  timeout: number;
  /** The last touch: pinned memory. */
  finish: (batch: unknown) => unknown;
}

const macrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Keeps an early failure from being reported as unhandled; whoever awaits the promise still gets it. */
function watched<T>(value: T): T {
  if (value instanceof Promise) value.catch(() => {});
  return value;
}

/** The iterator behind `for await (… of loader)`. */
export class LoaderIterator<B> implements AsyncIterableIterator<B> {
  private readonly queue: Entry[] = [];
  private exhausted = false;
  private closed = false;
  private nextWorker = 0;
  /** The pass is asked for one batch at a time, however it is called. */
  private turn: Promise<unknown> = Promise.resolve();
  /** Each worker finishes its batches in order. */
  private readonly lanes: Promise<unknown>[];

  constructor(private readonly pass: PassSettings) {
    this.lanes = pass.streams.map(() => Promise.resolve());
    // Python's workers get their first batches when the iterator is made.
    if (pass.streams.length > 0) this.fill();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<B, undefined>> {
    const result = this.turn.then(() => this.produce());
    this.turn = result.catch(() => {});
    return result;
  }

  /** Leaves the pass; batches under way are dropped when they are ready. */
  return(): Promise<IteratorResult<B, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<IteratorResult<B, undefined>> {
    this.close();
    return Promise.reject(error);
  }

  private close(): void {
    this.closed = true;
    this.exhausted = true;
    this.queue.length = 0;
    this.pass.indices.return?.();
  }

  private async produce(): Promise<IteratorResult<B, undefined>> {
    // One macrotask for each batch: finalizers, servers and signals get their turn in a training loop.
    await macrotask();
    if (this.closed) return { done: true, value: undefined };
    try {
      if (this.queue.length === 0) this.enqueue();
      const entry = this.queue.shift();
      if (!entry) {
        this.close();
        return { done: true, value: undefined };
      }
      if (!entry.started) this.start(entry);
      if (this.pass.eager && this.pass.streams.length === 0) this.fill();
      const ready = await this.inTime(entry.result);
      if (this.closed) return { done: true, value: undefined };
      if (this.pass.streams.length > 0) this.fill();
      const batch = ready instanceof ReadyBatch ? ready.take() : ready;
      return { done: false, value: this.pass.finish(batch) as B };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Takes batches on until enough are under way. */
  private fill(): void {
    while (this.queue.length < this.pass.ahead && this.enqueue()) {}
  }

  private enqueue(): boolean {
    if (this.exhausted) return false;
    const { done, value } = this.pass.indices.next();
    if (done) {
      this.exhausted = true;
      return false;
    }
    const worker = this.nextWorker;
    if (this.pass.streams.length > 0) this.nextWorker = (worker + 1) % this.pass.streams.length;
    const entry: Entry = { indices: value, worker, loaded: undefined, started: false };
    try {
      entry.loaded = watched(this.pass.fetcher.load(value));
    } catch (error) {
      entry.loaded = watched(Promise.reject(error));
    }
    this.queue.push(entry);
    // Work that draws nothing, or draws from a worker's own stream, need not wait to be asked for.
    if (this.pass.fetcher.pure || (this.pass.streams.length > 0 && this.pass.fetcher.background))
      this.start(entry);
    return true;
  }

  /** Starts the second phase of a batch. */
  private start(entry: Entry): void {
    entry.started = true;
    const { fetcher, streams } = this.pass;
    const stream = streams[entry.worker];
    const finish = (loaded: unknown): unknown => {
      if (this.closed) return undefined;
      const work = (): unknown => fetcher.finish(entry.indices, loaded);
      return stream ? stream.run(work) : work();
    };
    try {
      if (stream) {
        const lane = this.lanes[entry.worker]!;
        entry.result = watched(lane.then(() => entry.loaded).then(finish));
        this.lanes[entry.worker] = (entry.result as Promise<unknown>).catch(() => {});
      } else if (entry.loaded instanceof Promise) entry.result = watched(entry.loaded.then(finish));
      else entry.result = watched(finish(entry.loaded));
    } catch (error) {
      entry.result = watched(Promise.reject(error));
    }
  }

  private async inTime(result: unknown): Promise<unknown> {
    const { timeout } = this.pass;
    if (timeout === 0 || !(result instanceof Promise)) return result;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((_, reject) => {
      timer = setTimeout(
        () => reject(new TorchError(`DataLoader timed out after ${timeout} seconds`)),
        timeout * 1000,
      );
    });
    try {
      return await Promise.race([result, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @throws ValueError for a timeout without workers, as Python has it. */
export function checkTimeout(timeout: number, numWorkers: number): void {
  if (timeout !== 0 && numWorkers === 0)
    throw new ValueError(
      'a DataLoader without workers requires timeout == 0; set numWorkers or leave timeout out',
    );
}
