/** The table as text for the terminal and as Markdown. */
import type { RowResult } from './types.js';

const columns = ['benchmark', 'torchts', 'other', 'unit', 'ratio', 'spread', 'target', ''] as const;

/** Three significant figures, without an exponent. */
export function figure(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

function targetText(row: RowResult): string {
  if (row.target === undefined) return '–';
  // Without figures the direction is not known.
  const sign = row.status !== 'ok' ? '' : row.higherIsBetter ? '≥ ' : '≤ ';
  return `${sign}${row.target.toFixed(2)}`;
}

/** A line's cells, in the order of {@link columns}. */
function cells(row: RowResult): string[] {
  if (row.status !== 'ok') {
    const verdict = row.status === 'failed' ? 'FAILED' : 'not run';
    return [row.row, '', '', '', '', '', targetText(row), verdict];
  }
  const { ours, theirs, ratio, unit, met } = row;
  const verdict = met === null ? '' : met ? 'met' : 'missed';
  return [
    row.row,
    figure(ours.median),
    theirs.label === 'Python' ? figure(theirs.median) : `${figure(theirs.median)} (${theirs.label})`,
    unit,
    ratio.median.toFixed(2),
    `${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}`,
    targetText(row),
    verdict,
  ];
}

/** Columns of figures stand to the right. */
const rightAligned = new Set([1, 2, 4, 6]);

export function textTable(rows: readonly RowResult[]): string {
  const lines = [[...columns], ...rows.map(cells)];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const text = lines.map((line) =>
    line
      .map((cell, i) => (rightAligned.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
  const reasons = rows.flatMap((row) => (row.status === 'ok' ? [] : [`${row.row}: ${row.reason}`]));
  return [...text, ...(reasons.length > 0 ? ['', ...reasons] : [])].join('\n');
}

export function markdownTable(rows: readonly RowResult[]): string {
  const head = ['benchmark', 'what', ...columns.slice(1, -1), 'result'];
  const body = rows.map((row) => {
    const [name, ...rest] = cells(row);
    const verdict = rest.at(-1)! || 'no target';
    const reason = row.status === 'ok' ? verdict : `${verdict}: ${row.reason.replaceAll('|', '\\|')}`;
    return [`\`${name}\``, row.title, ...rest.slice(0, -1), reason];
  });
  const alignment = head.map((name) => (/torchts|other|ratio|target/.test(name) ? '---:' : '---'));
  return [head, alignment, ...body].map((line) => `| ${line.join(' | ')} |`).join('\n');
}
