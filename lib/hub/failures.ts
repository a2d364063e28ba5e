import { ChecksumError, DownloadError } from '../errors.js';
import { type Checksum, describeChecksum } from './checksum.js';

/** Why one address was given up. */
export interface Failure {
  url: string;
  error: Error;
  attempts?: number;
}

interface Context {
  urls: readonly string[];
  destination: string;
  checksum: Checksum | undefined;
  remedies: readonly string[];
}

/** The error for a file that no address gave: each with its failure, the path, and what can be done. */
export function downloadError(failures: readonly Failure[], context: Context): DownloadError | ChecksumError {
  const wrong = failures.find((failure) => failure.error instanceof ChecksumError);
  const lines = failures.map(
    ({ url, error, attempts }) =>
      `${url}: ${error.message}${attempts && attempts > 1 ? ` (${attempts} attempts)` : ''}`,
  );
  const message = `Could not download ${lines.length === 1 ? lines[0] : `\n  ${lines.join('\n  ')}`}\n${help(context)}`;
  const cause = { cause: (wrong ?? failures[failures.length - 1])?.error };
  return wrong ? new ChecksumError(message, cause) : new DownloadError(message, cause);
}

/** The error for a disk that does not take the file. */
export function diskError(error: unknown, context: Context): DownloadError {
  const code = (error as NodeJS.ErrnoException).code;
  const reason = error instanceof Error ? error.message : String(error);
  const start = `Could not download ${context.urls[0]} to ${context.destination}: `;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT': {
      const told = reason.startsWith('the disk') ? reason : `the disk is full (${code})`;
      return new DownloadError(`${start}${told}. Make room there, or choose another folder.`, {
        cause: error,
      });
    }
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new DownloadError(
        `${start}the folder cannot be written to (${code}). Choose one that can be, or place the file by hand.`,
        { cause: error },
      );
    default:
      return new DownloadError(`${start}${reason}\n${help(context)}`, { cause: error });
  }
}

function help({ destination, checksum, remedies }: Context): string {
  const wanted = checksum ? ` (${describeChecksum(checksum)})` : '';
  const options = [
    `place the file there by hand${wanted}`,
    'name a mirror that has the same paths: the variable TORCHTS_MIRROR or the option mirror, e.g. https://mirror.example/prefix',
    'behind a proxy: set HTTPS_PROXY and HTTP_PROXY (and NO_PROXY for hosts that need none)',
    ...remedies,
  ];
  return `It would be kept at ${destination}\nWhat can be done:\n${options.map((line) => `  - ${line}`).join('\n')}`;
}
