/** Watching one value of an epoch: for the best checkpoint, early stopping, plateaus. */
import { ValueError } from '../errors.js';
import type { EpochRecord } from './types.js';

/** `'train.loss'`, `'validation.loss'`, or a metric of either by its name: `'validation.accuracy'`. */
export type MonitorName = `train.${string}` | `validation.${string}`;

/** Whether small or large values are good. */
export type MonitorMode = 'min' | 'max';

export interface MonitorOptions {
  /** Default: `'validation.loss'` where `fit` has validation, else `'train.loss'`. */
  monitor?: MonitorName;
  /** Default: `'min'` for a loss, `'max'` for anything else. */
  mode?: MonitorMode;
}

/** The value of an epoch that a name says. @throws ValueError where there is no such number */
export function monitored(
  record: EpochRecord,
  options: MonitorOptions,
): { name: MonitorName; value: number } {
  const name = options.monitor ?? (record.validation === null ? 'train.loss' : 'validation.loss');
  const dot = name.indexOf('.');
  const [part, key] = [name.slice(0, dot), name.slice(dot + 1)];
  if (part !== 'train' && part !== 'validation')
    throw new ValueError(`monitor must be 'train.<name>' or 'validation.<name>', got '${name}'`);
  const measured = record[part];
  if (measured === null)
    throw new ValueError(`monitor '${name}' needs validation data: fit(loader, { validation })`);
  const value = key === 'loss' ? measured.loss : measured.metrics[key];
  if (typeof value !== 'number')
    throw new ValueError(
      `monitor '${name}' is no number of this run; there are: ${['loss', ...Object.keys(measured.metrics)].map((known) => `${part}.${known}`).join(', ')}`,
    );
  return { name, value };
}

export function modeOf(name: string, mode?: MonitorMode): MonitorMode {
  return mode ?? (/loss|error/i.test(name) ? 'min' : 'max');
}

/** Whether `value` beats `best` by more than `minDelta`; NaN never does. */
export function improves(value: number, best: number | null, mode: MonitorMode, minDelta = 0): boolean {
  if (Number.isNaN(value)) return false;
  if (best === null) return true;
  return mode === 'min' ? value < best - minDelta : value > best + minDelta;
}
