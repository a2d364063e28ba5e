/** How far a download is. */
export interface DownloadProgress {
  url: string;
  /** The file it will become. */
  file: string;
  /** Bytes that are there, those of an earlier, interrupted download included. */
  received: number;
  /** Bytes in all, where the server says so. */
  total: number | undefined;
  /** Of this run. */
  bytesPerSecond: number;
  done: boolean;
}

export type ProgressCallback = (progress: DownloadProgress) => void;

/** What reports a download to people. */
export interface Reporter {
  update: ProgressCallback;
  /** A line of its own: a wait, a retry. */
  note: (text: string) => void;
  /** Ends the line that is open, whatever the outcome. */
  close: () => void;
}

const redrawMs = 100;
const plainMs = 10_000;
const barWidth = 24;

/** `1234567` → `1.2M`. Powers of 1024, as the tools that people know print them. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'K', 'M', 'G', 'T'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}${units[unit]}`;
}

function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  const minutes = `${Math.floor(whole / 60) % 60}`.padStart(2, '0');
  const clock = `${minutes}:${`${whole % 60}`.padStart(2, '0')}`;
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${clock}` : clock;
}

/** One line that says how far it is: with a bar where the total is known and `bar` is asked for. */
export function formatProgress(name: string, progress: DownloadProgress, bar: boolean): string {
  const { received, total, bytesPerSecond } = progress;
  const speed = bytesPerSecond > 0 ? `${formatBytes(bytesPerSecond)}/s` : '';
  if (total === undefined) return [name, formatBytes(received), speed].filter(Boolean).join('  ');
  const share = total === 0 ? 1 : Math.min(1, received / total);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const filled = Math.round(share * barWidth);
  const drawn = bar ? `|${'█'.repeat(filled)}${' '.repeat(barWidth - filled)}| ` : '';
  const left = bytesPerSecond > 0 && !progress.done ? formatSeconds((total - received) / bytesPerSecond) : '';
  const rest = [speed, left && `${left} left`].filter(Boolean).join(', ');
  return `${name} ${percent} ${drawn}${formatBytes(received)}/${formatBytes(total)}${rest && ` [${rest}]`}`;
}

/** The part of a stream that the reporter needs; `process.stderr` by default. */
export interface ReportStream {
  isTTY?: boolean;
  columns?: number;
  write: (text: string) => unknown;
}

/**
 * The default report: on a terminal one line with a bar that is redrawn; elsewhere (a log) a plain
 * line at the start, every ten seconds, and at the end.
 */
export function terminalReporter(name: string, stream: ReportStream = process.stderr): Reporter {
  const terminal = stream.isTTY === true;
  let last = Number.NEGATIVE_INFINITY;
  let open = false;

  function close(): void {
    if (open) stream.write('\n');
    open = false;
  }

  return {
    update(progress) {
      const now = performance.now();
      if (!progress.done && now - last < (terminal ? redrawMs : plainMs)) return;
      last = now;
      const line = formatProgress(name, progress, terminal);
      if (terminal) {
        stream.write(`\r\x1b[K${line.slice(0, Math.max(20, (stream.columns ?? 80) - 1))}`);
        open = true;
      } else {
        stream.write(`${line}\n`);
      }
    },
    note(text) {
      close();
      stream.write(`${text}\n`);
    },
    close,
  };
}

/** Turns the option `progress` into a reporter: `true` the default one, `false` silence, or a callback. */
export function reporterOf(progress: boolean | ProgressCallback | undefined, name: string): Reporter {
  if (typeof progress === 'function') return { update: progress, note: () => {}, close: () => {} };
  if (progress === false) return { update: () => {}, note: () => {}, close: () => {} };
  return terminalReporter(name);
}
