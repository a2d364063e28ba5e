/** Text of a progress line: numbers, times, the bar, and what is left out where there is no room. */

/** A number for reading at a glance: four decimals below 10, fewer above, exponent for the very small and large. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return value.toExponential(2);
  if (size < 10) return value.toFixed(4);
  return size < 1000 ? value.toFixed(1) : value.toFixed(0);
}

/** A rate, with as many digits as can be read while they change. */
export function rate(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** Seconds as `m:ss`, or `h:mm:ss` from an hour on. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A bar of `width` characters, `done` (0 to 1) of it filled. */
export function bar(done: number, width: number, color: boolean): string {
  const full = Math.round(Math.min(Math.max(done, 0), 1) * width);
  const [filled, empty] = ['█'.repeat(full), '░'.repeat(width - full)];
  return color ? `\x1b[36m${filled}\x1b[90m${empty}\x1b[39m` : filled + empty;
}

/** East Asian and emoji characters take two columns of a terminal. */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;

/** Columns that `text`, which holds no control codes, takes on a terminal. */
export function columnsOf(text: string): number {
  let sum = 0;
  for (const char of text) {
    if (/\p{Mark}/u.test(char)) continue;
    sum += wide.test(char) ? 2 : 1;
  }
  return sum;
}

function cut(text: string, room: number): string {
  if (columnsOf(text) <= room) return text;
  let kept = '';
  for (const char of text) {
    if (columnsOf(kept + char) > room - 1) break;
    kept += char;
  }
  return room < 1 ? '' : `${kept}…`;
}

/** The pieces of a line, most important first within `parts`. */
export interface Pieces {
  label: string;
  count: string;
  parts: readonly string[];
  /** Columns there are. */
  room: number;
  /** Draws a bar of a width, or `null` where there is none. */
  bar: ((width: number) => string) | null;
}

const widestBar = 30;
const narrowestBar = 8;

/** `label |bar| count · part · part`, never wider than the room: first the bar shrinks, then parts go from the end. */
export function fitted(pieces: Pieces): string {
  const parts = [...pieces.parts];
  const around = pieces.label === '' ? 0 : columnsOf(pieces.label) + 1;
  for (;;) {
    const tail = [pieces.count, ...parts].join(' · ');
    const left = pieces.room - around - columnsOf(tail);
    // One space parts the bar from what follows.
    const width = Math.min(widestBar, left - 1);
    const head = pieces.label === '' ? '' : `${pieces.label} `;
    if (pieces.bar !== null && width >= narrowestBar) return `${head}${pieces.bar(width)} ${tail}`;
    if (left >= 0 && (pieces.bar === null || parts.length <= 1)) return head + tail;
    if (parts.length === 0) return cut(head + tail, pieces.room);
    parts.pop();
  }
}
