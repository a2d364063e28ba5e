import { ValueError } from '../errors.js';
import { bar, duration, fitted, number, rate } from './progress-format.js';
import { type GuardedStream, guardWrites } from './progress-guard.js';

/*
 * Written here and not taken from a package: the kept ones draw a bar, but none both steps aside for a
 * plain `console.log` of the user's loop and leaves the cursor right after Ctrl-C, and those two are what
 * makes a bar bearable in a training script. Clock and stream are arguments, so that all of it is tested.
 */

/** Where a bar is drawn: `process.stderr`, or anything like it. */
export interface ProgressStream extends GuardedStream {
  isTTY?: boolean;
  /** Width of the terminal in characters; 80 where it is not known. */
  columns?: number;
}

/** How a {@link ProgressBar} behaves. */
export interface ProgressOptions {
  /** Steps in all; without it there is no bar and no time left, only counts. */
  total?: number;
  /** Text before the bar, such as `'Epoch 1/10'`. */
  label?: string;
  /** What `samples` counts, for the rate; default `'images'`. */
  unit?: string;
  /** Default `process.stderr`, which keeps a script's own output clean when it is piped away. */
  stream?: ProgressStream;
  /** Seconds between plain lines where the stream is no terminal; `0` prints none. Default 30. */
  plainInterval?: number;
  /** Redraws per second at most; default 10. */
  maxRate?: number;
  /** Whether the bar vanishes on `close()` instead of staying as a last line; default `false`. */
  clear?: boolean;
  /** Colours; default: on a terminal, unless the environment has a non-empty `NO_COLOR`. */
  color?: boolean;
  /** Streams whose lines share the terminal and for which the bar steps aside; default stdout and stderr. */
  guard?: readonly ProgressStream[];
  /** Milliseconds that only grow; default `performance.now`. */
  now?: () => number;
}

/** What is known at a step; a key left out keeps its last value. */
export interface ProgressState {
  loss?: number;
  /** Samples seen so far, for the rate. */
  samples?: number;
  /** Other numbers to show, by name. */
  metrics?: Record<string, number>;
}

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const clearLine = '\r\x1b[2K';

/** The rate and the time left are those of this many milliseconds past. */
const rateWindow = 15_000;

/** Bars that hide the cursor now; it must come back also where nobody calls `close()`. */
const open = new Set<ProgressBar>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function restoreAll(): void {
  for (const shown of [...open]) shown.close();
}

function onSignal(signal: NodeJS.Signals): void {
  // Where the program listens too, it decides, and closes the bar when it stops.
  if (process.listenerCount(signal) > 1) return;
  restoreAll();
  // Nobody listens now: the signal does what it does without a bar.
  process.kill(process.pid, signal);
}

function watchExit(add: boolean): void {
  const change = add ? 'on' : 'off';
  process[change]('exit', restoreAll);
  for (const signal of signals) process[change](signal, onSignal);
}

/**
 * A progress line of a loop: step of total, loss, samples per second, time left.
 *
 * On a terminal it is one line that redraws itself at most ten times a second, and lines printed
 * meanwhile (by `console.log` or {@link log}) appear above it. Elsewhere a plain line now and then.
 *
 * @example
 * const progress = new ProgressBar({ total: loader.length, label: 'Epoch 1/10' });
 * for await (const [inputs] of loader) {
 *   …
 *   progress.update(++step, { loss: loss.item(), samples: step * batchSize });
 * }
 * progress.close();
 */
export class ProgressBar {
  readonly total: number | undefined;
  private readonly label: string;
  private readonly unit: string;
  private readonly stream: ProgressStream;
  private readonly interactive: boolean;
  private readonly color: boolean;
  private readonly interval: number;
  private readonly clear: boolean;
  private readonly now: () => number;
  private readonly guard: readonly ProgressStream[];
  private readonly start: number;

  private step = 0;
  private state: ProgressState = {};
  private history: { time: number; step: number; samples: number }[] = [];
  private lastDraw = Number.NEGATIVE_INFINITY;
  private drawn = false;
  private closed = false;
  /** An unfinished line of someone else stands where the bar would go. */
  private midLine = false;
  private guarding: ReturnType<typeof guardWrites> | null = null;

  /** @throws ValueError for a total, an interval or a rate that is no such number */
  constructor(options: ProgressOptions = {}) {
    const { total, plainInterval = 30, maxRate = 10 } = options;
    if (total !== undefined && !(Number.isInteger(total) && total >= 0)) {
      throw new ValueError(
        `total must be a whole number ≥ 0, got ${total}; leave it out where it is not known`,
      );
    }
    if (!(plainInterval >= 0))
      throw new ValueError(`plainInterval must be seconds ≥ 0, got ${plainInterval}`);
    if (!(maxRate > 0)) throw new ValueError(`maxRate must be above 0, got ${maxRate}`);
    this.total = total;
    this.label = options.label ?? '';
    this.unit = options.unit ?? 'images';
    this.stream = options.stream ?? process.stderr;
    this.interactive = this.stream.isTTY === true && process.env.TERM !== 'dumb';
    this.color = this.interactive && (options.color ?? !process.env.NO_COLOR);
    this.interval = this.interactive ? 1000 / maxRate : plainInterval === 0 ? Infinity : plainInterval * 1000;
    this.clear = options.clear ?? false;
    this.now = options.now ?? (() => performance.now());
    this.guard = (options.guard ?? [process.stdout, process.stderr]).filter(({ isTTY }) => isTTY === true);
    this.start = this.now();
    this.history.push({ time: this.start, step: 0, samples: 0 });
    // The first plain line comes after an interval, not at once.
    if (!this.interactive) this.lastDraw = this.start;
  }

  /**
   * Says that `step` steps are done.
   *
   * Cheap enough for every step: it draws only where the last drawing is long enough ago.
   */
  update(step: number, state: ProgressState = {}): void {
    if (this.closed) return;
    this.step = step;
    this.state = { ...this.state, ...state };
    const time = this.now();
    if (time - this.lastDraw < this.interval) return;
    this.remember(time);
    this.lastDraw = time;
    if (this.interactive) this.draw();
    else this.write(`${this.text(time, Infinity)}\n`);
  }

  /** Prints a line above the bar. */
  log(line: string): void {
    this.erase();
    this.write(`${line}\n`);
    this.midLine = false;
    if (this.guarding !== null) this.draw();
  }

  /** Draws the last state (or removes the line, with `clear`), and gives the cursor back. Idempotent. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const time = this.now();
    this.remember(time);
    if (this.interactive) {
      this.erase();
      if (!this.clear && this.step > 0) this.write(`${this.midLine ? '\n' : ''}${this.line(time)}\n`);
      if (open.delete(this)) {
        this.write(showCursor);
        if (open.size === 0) watchExit(false);
      }
      this.guarding?.release();
      this.guarding = null;
    } else if (this.interval !== Infinity && !this.clear && this.step > 0) {
      this.write(`${this.text(time, Infinity)}\n`);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Keeps what the rate is reckoned from: one entry for each drawing of the last seconds. */
  private remember(time: number): void {
    this.history.push({ time, step: this.step, samples: this.state.samples ?? 0 });
    while (this.history.length > 2 && time - this.history[1]!.time > rateWindow) this.history.shift();
  }

  private draw(): void {
    if (this.guarding === null) {
      if (open.size === 0) watchExit(true);
      open.add(this);
      this.write(hideCursor);
      this.guarding = guardWrites(this.guard, {
        before: () => this.erase(),
        after: (endsLine) => {
          this.midLine = !endsLine;
          if (!this.closed) this.draw();
        },
      });
    }
    if (this.midLine) return;
    this.write(`${clearLine}${this.line(this.now())}`);
    this.drawn = true;
  }

  private erase(): void {
    if (!this.drawn) return;
    this.drawn = false;
    this.write(clearLine);
  }

  /** Writes past this bar's own guard; the guard of a bar around this one sees it. */
  private write(text: string): void {
    if (this.guarding === null) this.stream.write(text);
    else this.guarding.quietly(() => this.stream.write(text));
  }

  private line(time: number): string {
    // The last column stays free: a character there makes some terminals begin a new line.
    return this.text(time, (this.stream.columns || 80) - 1);
  }

  private text(time: number, room: number): string {
    const { loss, samples, metrics = {} } = this.state;
    const { total, step } = this;
    const first = this.history[0]!;
    // A closed bar tells of the whole loop.
    const from = this.closed ? { time: this.start, step: 0, samples: 0 } : first;
    const seconds = Math.max((time - from.time) / 1000, 1e-9);
    const parts: string[] = [];
    if (loss !== undefined) parts.push(`loss ${number(loss)}`);
    for (const [name, value] of Object.entries(metrics)) parts.push(`${name} ${number(value)}`);
    if (samples !== undefined && samples > from.samples) {
      parts.push(`${rate((samples - from.samples) / seconds)} ${this.unit}/s`);
    }
    const pace = (step - from.step) / seconds;
    if (this.closed || (total !== undefined && step >= total)) {
      parts.push(duration((time - this.start) / 1000));
    } else if (total !== undefined && pace > 0) {
      parts.push(`${duration((total - step) / pace)} left`);
    }
    const count = total === undefined ? `step ${step}` : `${step}/${total}`;
    const head = this.label === '' ? count : `${this.label}${this.interactive ? ' ' : ': '}${count}`;
    if (!this.interactive) {
      const percent = total ? ` (${Math.floor((100 * step) / total)}%)` : '';
      return [`${head}${percent}`, ...parts].join(', ');
    }
    return fitted({
      label: this.label,
      // As wide at the first step as at the last, so that the bar does not jump.
      count: total === undefined ? count : count.padStart(2 * String(total).length + 1),
      parts,
      room,
      bar: total ? (width) => bar(step / total, width, this.color) : null,
    });
  }
}
