/** How tensors are printed. */
import { ArgumentError, ValueError } from '../errors.js';

/** Options of {@link setPrintoptions}. */
export interface PrintOptions {
  /** Digits after the point of a float. Default: 4. */
  precision?: number;
  /** A tensor of more elements is summarised. Default: 1000; `Infinity` prints all. */
  threshold?: number;
  /** Elements at each end of a summarised dimension. Default: 3. */
  edgeitems?: number;
  /** Characters of a line. Default: 80. */
  linewidth?: number;
  /** A set of defaults, which the other options override. */
  profile?: 'default' | 'short' | 'full';
  /** Scientific notation always or never; `null` (default) decides by the values. */
  sciMode?: boolean | null;
}

/** The options in force. */
export type CurrentPrintOptions = Required<Omit<PrintOptions, 'profile'>>;

const profiles: Record<string, Omit<CurrentPrintOptions, 'sciMode'>> = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Number.POSITIVE_INFINITY, edgeitems: 3, linewidth: 80 },
};

/** @internal */
export const printing: CurrentPrintOptions = { ...profiles.default!, sciMode: null };

const numeric = ['precision', 'threshold', 'edgeitems', 'linewidth'] as const;
const known = new Set<string>([...numeric, 'profile', 'sciMode']);

function checked(key: (typeof numeric)[number], value: unknown): number {
  const unlimited = key === 'threshold' || key === 'linewidth';
  const fits = typeof value === 'number' && value >= 0 && (unlimited || Number.isInteger(value));
  if (!fits || (key === 'precision' && value > 100))
    throw new ValueError(
      `setPrintoptions: ${key} must be a ${unlimited ? 'number' : 'whole number'} from 0${key === 'precision' ? ' to 100' : ''}, got ${String(value)}`,
    );
  return value;
}

/**
 * Sets how tensors are printed; an option that is left out keeps its value, except `sciMode`, which
 * goes back to `null`.
 *
 * @throws ArgumentError for an unknown option, ValueError for a value out of range.
 * Source: torch.set_printoptions.
 */
export function setPrintoptions(options: PrintOptions = {}): void {
  for (const key of Object.keys(options))
    if (!known.has(key))
      throw new ArgumentError(
        `setPrintoptions() got an unexpected option '${key}'; known: ${[...known].join(', ')}`,
      );
  const next: Partial<CurrentPrintOptions> = {};
  if (options.profile != null) {
    if (!Object.hasOwn(profiles, options.profile))
      throw new ValueError(
        `setPrintoptions: profile must be one of ${Object.keys(profiles).join(', ')}, got ${String(options.profile)}`,
      );
    Object.assign(next, profiles[options.profile]);
  }
  for (const key of numeric) if (options[key] != null) next[key] = checked(key, options[key]);
  Object.assign(printing, next);
  printing.sciMode = options.sciMode ?? null;
}

/** The options in force, as {@link setPrintoptions} takes them. Source: torch.get_printoptions. */
export function getPrintoptions(): CurrentPrintOptions {
  return { ...printing };
}

export { getPrintoptions as getPrintOptions, setPrintoptions as setPrintOptions };
