import { TorchError } from '../../lib/errors.js';

/**
 * Something that the set-up needs is missing or wrong. The message says what was found and what was
 * expected; `remedy` says what to do about it, one line a step.
 */
export class SetupError extends TorchError {
  readonly remedy: readonly string[];

  constructor(message: string, remedy: string | readonly string[] = [], options?: ErrorOptions) {
    super(message, 'ERR_NATIVE_LOAD', options);
    this.name = 'SetupError';
    this.remedy = typeof remedy === 'string' ? [remedy] : remedy;
  }
}

/** What `parseArgs` says about a wrong option is meant for the user. */
function isUsageError(error: unknown): error is Error {
  return (
    error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS_')
  );
}

/** The text a command prints for an error: message, then the remedy; a stack only for what is our own fault. */
export function describeError(error: unknown): string {
  if (error instanceof SetupError) {
    return [error.message, ...error.remedy.map((line) => `  → ${line}`)].join('\n');
  }
  if (error instanceof TorchError || isUsageError(error)) return error.message;
  if (error instanceof Error) return error.stack ?? error.message;
  return String(error);
}
