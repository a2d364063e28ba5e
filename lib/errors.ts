/**
 * The typed errors of torchts. Every error that leaves the library is a {@link TorchError}:
 * its `code` is stable and meant for programs, its message for people.
 */

/** Stable error codes. */
export type TorchErrorCode =
  | 'ERR_TORCH'
  | 'ERR_ARGUMENT'
  | 'ERR_VALUE'
  | 'ERR_SHAPE'
  | 'ERR_DTYPE'
  | 'ERR_DEVICE'
  | 'ERR_INDEX'
  | 'ERR_DISPOSED'
  | 'ERR_NOT_IMPLEMENTED'
  | 'ERR_DOWNLOAD'
  | 'ERR_CHECKSUM'
  | 'ERR_NATIVE_LOAD'
  | 'ERR_OUT_OF_MEMORY'
  | 'ERR_FILE'
  | 'ERR_UNSAFE_FILE'
  | 'ERR_STATE_DICT'
  | 'ERR_AUTOGRAD';

const brand = Symbol.for('torchts.TorchError');

function isBranded(value: unknown): boolean {
  return typeof value === 'object' && value !== null && brand in value;
}

/**
 * Base of every error that torchts throws.
 *
 * `instanceof TorchError` also holds for {@link ArgumentError}, which is a `TypeError`
 * at the same time, as Python raises `TypeError` for a wrong call.
 */
export class TorchError extends Error {
  readonly code: TorchErrorCode;

  constructor(message: string, code: TorchErrorCode = 'ERR_TORCH', options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === TorchError ? isBranded(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** A call with arguments of the wrong number, kind or name; a `TypeError` as in Python. */
export class ArgumentError extends TypeError {
  readonly code = 'ERR_ARGUMENT' as const;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ArgumentError';
    Object.defineProperty(this, brand, { value: true });
  }
}

function kind(name: string, code: TorchErrorCode) {
  const made = class extends TorchError {
    constructor(message: string, options?: ErrorOptions) {
      super(message, code, options);
      this.name = name;
    }
  };
  Object.defineProperty(made, 'name', { value: name });
  return made;
}

/** A value outside what is allowed (Python's `ValueError`). */
export class ValueError extends kind('ValueError', 'ERR_VALUE') {}
/** Shapes that do not fit each other or the operator. */
export class ShapeError extends kind('ShapeError', 'ERR_SHAPE') {}
/** A dtype that the operator or the exchange with JavaScript does not take. */
export class DTypeError extends kind('DTypeError', 'ERR_DTYPE') {}
/** A device that is not there, or tensors on different devices. */
export class DeviceError extends kind('DeviceError', 'ERR_DEVICE') {}
/** An index or a dimension out of range. */
export class TorchIndexError extends kind('TorchIndexError', 'ERR_INDEX') {}
/** A tensor used after `dispose()` or after the scope that owned it. */
export class DisposedError extends kind('DisposedError', 'ERR_DISPOSED') {}
/** An operator without a kernel for this device or dtype. */
export class NotImplementedError extends kind('NotImplementedError', 'ERR_NOT_IMPLEMENTED') {}
/** A download that failed; the message names the URL, the cache path and the options. */
export class DownloadError extends kind('DownloadError', 'ERR_DOWNLOAD') {}
/** A file whose hash is not the expected one. */
export class ChecksumError extends kind('ChecksumError', 'ERR_CHECKSUM') {}
/** The addon or LibTorch could not be loaded; the message names the command that sets it up. */
export class NativeLoadError extends kind('NativeLoadError', 'ERR_NATIVE_LOAD') {}
/** The device or the host ran out of memory. */
export class OutOfMemoryError extends kind('OutOfMemoryError', 'ERR_OUT_OF_MEMORY') {}
/** A file that is broken, truncated or of another format. */
export class FileFormatError extends kind('FileFormatError', 'ERR_FILE') {}
/** A file that asks for more than the allow-list permits. */
export class UnsafeFileError extends kind('UnsafeFileError', 'ERR_UNSAFE_FILE') {}
/** A state dict that does not fit the module or optimizer. */
export class StateDictError extends kind('StateDictError', 'ERR_STATE_DICT') {}
/** A gradient that cannot be computed as asked. */
export class AutogradError extends kind('AutogradError', 'ERR_AUTOGRAD') {}
