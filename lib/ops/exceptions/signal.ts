/** Short-time Fourier transform: Python pads for `center` before it calls ATen. */
import { ArgumentError, ShapeError } from '../../errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { bindArguments, callAten, checkTensor } from '../bind.js';

export interface StftOptions {
  /** Distance between windows. Default: `floor(nFft / 4)`. */
  hopLength?: number | null;
  /** Default: `nFft`. */
  winLength?: number | null;
  /** Default: ones of `winLength`. */
  window?: Tensor | null;
  /** Pad so that frame t is centred at t * hopLength. Default: true. */
  center?: boolean;
  /** Default: `'reflect'`. */
  padMode?: 'constant' | 'reflect' | 'replicate' | 'circular';
  /** Default: false. */
  normalized?: boolean;
  /** Default: true for real input. */
  onesided?: boolean | null;
  /** Must be given: true. */
  returnComplex?: boolean | null;
  alignToWindow?: boolean | null;
}

/** @internal The parameters in Python's order. */
export const stftParams = [
  ...['nFft', 'hopLength', 'winLength', 'window', 'center', 'padMode'],
  ...['normalized', 'onesided', 'returnComplex', 'alignToWindow'],
];

/** @internal */
export function stftOf(signal: Tensor, bound: Record<string, unknown>): Tensor {
  const {
    nFft,
    hopLength = null,
    winLength = null,
    window = null,
    center = true,
    padMode = 'reflect',
  } = bound;
  const { normalized = false, onesided = null, returnComplex = null, alignToWindow = null } = bound;
  checkTensor('stft', 'input', signal);
  let input = signal;
  if (center === true) {
    if (alignToWindow !== null)
      throw new ArgumentError('stft(): alignToWindow may only be given with center: false');
    const shape = input.shape;
    if (shape.length < 1 || shape.length > 2)
      throw new ShapeError(`stft(): expected an input of 1 or 2 dimensions, got shape [${shape.join(', ')}]`);
    const pad = Math.floor((nFft as number) / 2);
    const extended = callAten('view.', [input, [...Array<number>(3 - shape.length).fill(1), ...shape]]);
    const padded = callAten('pad', [extended, [pad, pad], padMode]) as Tensor;
    input = callAten('view.', [padded, padded.shape.slice(-shape.length)]) as Tensor;
  }
  return callAten('stft.', [
    ...[input, nFft, hopLength, winLength, window],
    ...[normalized, onesided, returnComplex, alignToWindow],
  ]) as Tensor;
}

/**
 * Short-time Fourier transform of `input` (B?, L): (B?, frequencies, frames), complex with `returnComplex: true`.
 * In Python: `stft(input, n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode='reflect',
 * normalized=False, onesided=None, return_complex=None)`. See torch.stft.
 */
export function stft(
  input: Tensor,
  nFft: number,
  hopLength?: number | null | StftOptions,
  winLength?: number | null | StftOptions,
  window?: Tensor | null | StftOptions,
  center?: boolean | StftOptions,
  options?: StftOptions,
): Tensor;
export function stft(input: Tensor, options: { nFft: number } & StftOptions): Tensor;
export function stft(options: { input: Tensor; nFft: number } & StftOptions): Tensor;
export function stft(...args: unknown[]): Tensor {
  const bound = bindArguments({ name: 'stft', params: ['input', ...stftParams], required: 2 }, args);
  return stftOf(bound.input as Tensor, bound);
}
