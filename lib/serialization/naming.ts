/** Errors of files name the file. */
import { DeviceError, FileFormatError, OutOfMemoryError, TorchError, UnsafeFileError } from '../errors.js';

/**
 * Runs `read` so that whatever it throws is a TorchError that names the file: what a broken file
 * leads to deep below (a shape, a number, an engine's limit) is the file's fault.
 */
export async function naming<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DeviceError || error instanceof OutOfMemoryError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const known = error instanceof TorchError;
    if (known && message.includes(name)) throw error;
    const Kind = error instanceof UnsafeFileError ? UnsafeFileError : FileFormatError;
    throw new Kind(`${name} could not be read: ${message}`, { cause: error });
  }
}
