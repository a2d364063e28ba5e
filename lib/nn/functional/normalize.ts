/** Normalisation by a norm. */
import { ValueError } from '../../errors.js';
import { avgPool3d, pad } from '../../ops/generated/nn-functions.js';
import type { Tensor } from '../../tensor/index.js';
import { type Arguments, required, Signature } from '../signature.js';

const normalizeSpec = { input: required<Tensor>(), p: 2, dim: 1 as number | readonly number[], eps: 1e-12 };
const normalizeSignature = new Signature('normalize', normalizeSpec);

/**
 * Divides by the `p`-norm (2) over `dim` (1), at least `eps` (1e-12). Source: torch.nn.functional.normalize.
 */
export function normalize(
  ...args: Arguments<
    [input: Tensor],
    [p: number, dim: number | readonly number[], eps: number],
    typeof normalizeSpec
  >
): Tensor {
  const { input, p, dim, eps } = normalizeSignature.read(args);
  const dims = typeof dim === 'number' ? [dim] : dim;
  const norm = input.norm(p, dims, true).clampMin(eps).expandAs(input);
  return input.div(norm);
}

const responseSpec = { input: required<Tensor>(), size: required<number>(), alpha: 1e-4, beta: 0.75, k: 1 };
const responseSignature = new Signature('localResponseNorm', responseSpec);

/**
 * Divides by the local strength of neighbouring channels. Defaults: `alpha` 1e-4, `beta` 0.75, `k` 1.
 * Source: torch.nn.functional.local_response_norm.
 */
export function localResponseNorm(
  ...args: Arguments<
    [input: Tensor, size: number],
    [alpha: number, beta: number, k: number],
    typeof responseSpec
  >
): Tensor {
  const { input, size, alpha, beta, k } = responseSignature.read(args);
  const { shape } = input;
  if (shape.length < 3)
    throw new ValueError(`Expected 3D or higher dimensionality input (got ${shape.length} dimensions)`);
  if (input.numel() === 0) return input;
  const before = Math.floor(size / 2);
  const after = Math.floor((size - 1) / 2);
  const [n, channels, ...rest] = shape as [number, number, ...number[]];
  const squares = input.mul(input).reshape([n, 1, channels, rest[0]!, -1]);
  const padded = pad(squares, [0, 0, 0, 0, before, after]);
  const mean = avgPool3d(padded, [size, 1, 1], 1).squeeze(1).reshape(shape);
  return input.div(mean.mul(alpha).add(k).pow(beta));
}
