import { SetupError } from '../setup-error.js';

/** One line of the doctor's report. */
export interface Finding {
  name: string;
  /** `missing` makes the doctor fail; `note` is worth knowing. */
  status: 'ok' | 'note' | 'missing';
  detail: string;
  remedy: readonly string[];
}

export function ok(name: string, detail: string): Finding {
  return { name, status: 'ok', detail, remedy: [] };
}

export function note(name: string, detail: string, remedy: readonly string[] = []): Finding {
  return { name, status: 'note', detail, remedy };
}

export function missing(name: string, detail: string, remedy: readonly string[] = []): Finding {
  return { name, status: 'missing', detail, remedy };
}

/** An error of the set-up as a finding; any other error is passed on. */
export function findingOf(name: string, error: unknown): Finding {
  if (error instanceof SetupError) return missing(name, error.message, error.remedy);
  throw error;
}
