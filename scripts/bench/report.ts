/** What a run leaves behind: figures as JSON, the table as Markdown. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { SetupError } from '../support/setup-error.js';
import type { Machine } from './machine.js';
import type { BenchOptions } from './options.js';
import { markdownTable } from './table.js';
import type { RowResult } from './types.js';

/** A run with everything that is needed to read its figures. */
export interface Report {
  date: string;
  commit: string;
  machine: Machine;
  versions: Record<string, string>;
  /** Whether LibTorch says of itself the same on both sides. */
  sameBuild: boolean;
  options: Pick<BenchOptions, 'names' | 'quick' | 'rounds' | 'threads' | 'device' | 'tf32'>;
  command: string;
  seconds: number;
  rows: RowResult[];
}

export function writeJson(file: string, report: Report): void {
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

const begin = '<!-- bench: begin -->';
const end = '<!-- bench: end -->';

/** The table with the lines that say where it comes from. */
export function markdownReport(report: Report): string {
  const { machine, options, versions } = report;
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    '```sh',
    report.command,
    '```',
    '',
    `${report.date.slice(0, 10)}, commit ${report.commit}; ${machine.cpu}, ${machine.cores} cores, ` +
      `${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB; ${machine.os}; ${named.join(', ')}; ` +
      `${options.device}, ${options.threads} threads, ${options.rounds} rounds, ` +
      `${Math.round(report.seconds)} s in all.`,
    '',
    markdownTable(report.rows),
  ].join('\n');
}

/**
 * Writes the Markdown: between the markers where the file has them, else as the whole file.
 *
 * @throws SetupError where a file that has other content has no markers, so that nothing is lost
 */
export function writeMarkdown(file: string, report: Report): void {
  const text = `${begin}\n\n${markdownReport(report)}\n\n${end}`;
  if (!existsSync(file) || readFileSync(file, 'utf8').trim() === '') {
    writeFileSync(file, `${text}\n`);
    return;
  }
  const content = readFileSync(file, 'utf8');
  const [from, to] = [content.indexOf(begin), content.indexOf(end)];
  if (from < 0 || to < from) {
    throw new SetupError(
      `${file} has no place for the table.`,
      `Put the lines ${begin} and ${end} where it belongs, or name a new file.`,
    );
  }
  writeFileSync(file, content.slice(0, from) + text + content.slice(to + end.length));
}
