/** Lookups of rows by index. */
import { noGrad } from '../../autograd/index.js';
import { ValueError } from '../../errors.js';
import * as torch from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { type Arguments, required, Signature } from '../signature.js';

export { oneHot } from '../../ops/generated/nn-functions.js';

/** @internal A padding index from 0; negative ones count from the end. */
export function resolvePadding(index: number | null, rows: number): number | null {
  if (index === null) return null;
  if (index >= rows || index < -rows)
    throw new ValueError(`paddingIdx must be within the ${rows} embeddings, got ${index}`);
  return index < 0 ? index + rows : index;
}

const embeddingSpec = {
  input: required<Tensor>(),
  weight: required<Tensor>(),
  paddingIdx: null as number | null,
  maxNorm: null as number | null,
  normType: 2,
  scaleGradByFreq: false,
  sparse: false,
};
const embeddingSignature = new Signature('embedding', embeddingSpec);

/**
 * The rows of `weight` at the indices `input`: `[…]` to `[…, embeddingDim]`. Row `paddingIdx` gets no
 * gradient; `maxNorm` shortens used rows in place. Source: torch.nn.functional.embedding.
 */
export function embedding(
  ...args: Arguments<
    [input: Tensor, weight: Tensor],
    [
      paddingIdx: number | null,
      maxNorm: number | null,
      normType: number,
      scaleGradByFreq: boolean,
      sparse: boolean,
    ],
    typeof embeddingSpec
  >
): Tensor {
  const { input, weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } =
    embeddingSignature.read(args);
  const padding = resolvePadding(paddingIdx, weight.size(0)) ?? -1;
  let indices = input;
  if (maxNorm !== null) {
    indices = input.contiguous();
    noGrad(() => torch.embeddingRenorm_(weight, indices, maxNorm, normType));
  }
  return torch.embedding(weight, indices, padding, scaleGradByFreq, sparse);
}

/** How the rows of a bag become one. */
export type BagMode = 'sum' | 'mean' | 'max';
const modes: readonly string[] = ['sum', 'mean', 'max'];

const bagSpec = {
  input: required<Tensor>(),
  weight: required<Tensor>(),
  offsets: null as Tensor | null,
  maxNorm: null as number | null,
  normType: 2,
  scaleGradByFreq: false,
  mode: 'mean' as BagMode,
  sparse: false,
  perSampleWeights: null as Tensor | null,
  includeLastOffset: false,
  paddingIdx: null as number | null,
};
const bagSignature = new Signature('embeddingBag', bagSpec);

/**
 * Sums, means or maxima of bags of rows: `input` `[B, N]`, or flat with the bags' `offsets`.
 * Source: torch.nn.functional.embedding_bag.
 */
export function embeddingBag(
  ...args: Arguments<
    [input: Tensor, weight: Tensor],
    [
      offsets: Tensor | null,
      maxNorm: number | null,
      normType: number,
      scaleGradByFreq: boolean,
      mode: BagMode,
      sparse: boolean,
      perSampleWeights: Tensor | null,
      includeLastOffset: boolean,
      paddingIdx: number | null,
    ],
    typeof bagSpec
  >
): Tensor {
  const given = bagSignature.read(args);
  const { weight, maxNorm, normType, mode, sparse, scaleGradByFreq, paddingIdx } = given;
  if (!modes.includes(mode)) throw new ValueError(`mode has to be one of sum, mean or max, got '${mode}'`);
  if (given.perSampleWeights && mode !== 'sum')
    throw new ValueError(`perSampleWeights is only supported for mode 'sum', got '${mode}'`);
  const { input, offsets, weights, includeLast } = flatBags(given);
  if (maxNorm !== null) noGrad(() => torch.embeddingRenorm_(weight, input, maxNorm, normType));
  const results = torch.embeddingBag(
    weight,
    input,
    offsets,
    scaleGradByFreq,
    modes.indexOf(mode),
    sparse,
    weights,
    includeLast,
    paddingIdx,
  );
  return (results as unknown as Tensor[])[0]!;
}

interface FlatBags {
  input: Tensor;
  offsets: Tensor;
  weights: Tensor | null;
  includeLast: boolean;
}

/** Rows of a matrix are bags of one length; a vector needs offsets. */
function flatBags({ input, offsets, perSampleWeights, includeLastOffset }: typeof bagSpec): FlatBags {
  if (perSampleWeights && perSampleWeights.shape.join() !== input.shape.join())
    throw new ValueError(
      `perSampleWeights must have the shape of the input, got [${perSampleWeights.shape.join(', ')}] and [${input.shape.join(', ')}]`,
    );
  if (input.dim() === 2) {
    if (offsets) throw new ValueError('if input is 2D, then offsets has to be null: each row is a bag');
    const [bags, length] = input.shape as [number, number];
    const { dtype, device } = input;
    return {
      input: input.reshape([-1]),
      offsets: torch.arange(0, bags * length, length, { dtype, device }),
      weights: perSampleWeights?.reshape([-1]) ?? null,
      includeLast: false,
    };
  }
  if (input.dim() !== 1) throw new ValueError(`input has to be a 1D or 2D Tensor, but got ${input.dim()}D`);
  if (offsets?.dim() !== 1) throw new ValueError('offsets has to be a 1D Tensor where input is 1D');
  return { input, offsets, weights: perSampleWeights, includeLast: includeLastOffset };
}
