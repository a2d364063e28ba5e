/** Tables of vectors. */
import { noGrad } from '../../autograd/index.js';
import { ShapeError } from '../../errors.js';
import type { Tensor } from '../../tensor/index.js';
import { checkedOptions } from '../../tensor/keywords.js';
import { expectTensor } from '../../tensor/tensor.js';
import { type BagMode, embedding, embeddingBag, resolvePadding } from '../functional/sparse.js';
import { normal_ } from '../init.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';
import { pythonFloat, pythonNumber, pythonRepr, pythonText } from '../python-text.js';
import { type Arguments, required, Signature } from '../signature.js';
import { emptyParameter, type FactoryOptions, factory } from './common.js';

const spec = {
  numEmbeddings: required<number>(),
  embeddingDim: required<number>(),
  paddingIdx: null as number | null,
  maxNorm: null as number | null,
  normType: 2,
  scaleGradByFreq: false,
  sparse: false,
  _weight: null as Tensor | null,
  _freeze: false,
  ...factory,
};
const signature = new Signature('Embedding', spec);

const pretrainedKeys = ['freeze', 'paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'sparse'] as const;

/** Options of `fromPretrained`. */
interface PretrainedOptions {
  /** Whether the table stays as it is. Default: true. */
  freeze?: boolean;
  paddingIdx?: number | null;
  maxNorm?: number | null;
  normType?: number;
  scaleGradByFreq?: boolean;
  sparse?: boolean;
}

/** The table: given, or drawn from the normal distribution with a row of zeros for padding. */
function tableOf(
  rows: number,
  columns: number,
  given: Tensor | null,
  freeze: boolean,
  options: FactoryOptions,
): Parameter {
  if (given === null) {
    const table = emptyParameter([rows, columns], options);
    return freeze ? (table.requiresGrad_(false) as Parameter) : table;
  }
  if (given.shape.join() !== `${rows},${columns}`)
    throw new ShapeError(
      `Shape of weight [${given.shape.join(', ')}] does not match numEmbeddings and embeddingDim [${rows}, ${columns}]`,
    );
  return new Parameter(given, !freeze);
}

function drawTable(weight: Parameter, paddingIdx: number | null): void {
  normal_(weight);
  if (paddingIdx !== null) noGrad(() => weight.select(0, paddingIdx).fill_(0));
}

/**
 * A table of `numEmbeddings` vectors: indices `[…]` to `[…, embeddingDim]`.
 *
 * The table starts normal, row `paddingIdx` (null: none) zero and without gradient. `maxNorm` (null)
 * shortens used rows. Source: torch.nn.Embedding.
 */
export class Embedding extends Module<[Tensor], Tensor> {
  numEmbeddings: number;
  embeddingDim: number;
  paddingIdx: number | null;
  maxNorm: number | null;
  normType: number;
  scaleGradByFreq: boolean;
  sparse: boolean;
  weight: Parameter;

  constructor(
    ...args: Arguments<
      [numEmbeddings: number, embeddingDim: number],
      [
        paddingIdx: number | null,
        maxNorm: number | null,
        normType: number,
        scaleGradByFreq: boolean,
        sparse: boolean,
      ],
      typeof spec
    >
  ) {
    super();
    const given = signature.read(args);
    this.numEmbeddings = given.numEmbeddings;
    this.embeddingDim = given.embeddingDim;
    this.paddingIdx = resolvePadding(given.paddingIdx, given.numEmbeddings);
    this.maxNorm = given.maxNorm;
    this.normType = given.normType;
    this.scaleGradByFreq = given.scaleGradByFreq;
    this.sparse = given.sparse;
    this.weight = tableOf(given.numEmbeddings, given.embeddingDim, given._weight, given._freeze, given);
    if (given._weight === null) this.resetParameters();
  }

  /** A table of given vectors `[numEmbeddings, embeddingDim]`; frozen by default. */
  static fromPretrained(embeddings: Tensor, options?: PretrainedOptions): Embedding {
    expectTensor('Embedding.fromPretrained()', embeddings);
    if (embeddings.dim() !== 2)
      throw new ShapeError(`embeddings are expected to be 2-dimensional, got ${embeddings.dim()}`);
    const { freeze = true, ...rest } = checkedOptions('fromPretrained', options, pretrainedKeys);
    const [rows, columns] = embeddings.shape as [number, number];
    return new Embedding(rows, columns, { ...rest, _weight: embeddings, _freeze: freeze });
  }

  /** Draws the table anew. */
  resetParameters(): void {
    drawTable(this.weight, this.paddingIdx);
  }

  override forward(input: Tensor): Tensor {
    const { weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    return embedding(input, weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse);
  }

  override extraRepr(): string {
    let text = `${this.numEmbeddings}, ${this.embeddingDim}`;
    if (this.paddingIdx !== null) text += `, padding_idx=${this.paddingIdx}`;
    if (this.maxNorm !== null) text += `, max_norm=${pythonNumber(this.maxNorm)}`;
    if (this.normType !== 2) text += `, norm_type=${pythonFloat(this.normType)}`;
    if (this.scaleGradByFreq) text += ', scale_grad_by_freq=True';
    if (this.sparse) text += ', sparse=True';
    return text;
  }
}

const bagSpec = {
  numEmbeddings: required<number>(),
  embeddingDim: required<number>(),
  maxNorm: null as number | null,
  normType: 2,
  scaleGradByFreq: false,
  mode: 'mean' as BagMode,
  sparse: false,
  _weight: null as Tensor | null,
  includeLastOffset: false,
  paddingIdx: null as number | null,
  ...factory,
};
const bagSignature = new Signature('EmbeddingBag', bagSpec);

/** Sums, means or maxima of bags of vectors of a table; `mode` `'mean'`. Source: torch.nn.EmbeddingBag. */
export class EmbeddingBag extends Module<[Tensor, (Tensor | null)?, (Tensor | null)?], Tensor> {
  numEmbeddings: number;
  embeddingDim: number;
  maxNorm: number | null;
  normType: number;
  scaleGradByFreq: boolean;
  mode: BagMode;
  sparse: boolean;
  includeLastOffset: boolean;
  paddingIdx: number | null;
  weight: Parameter;

  constructor(
    ...args: Arguments<
      [numEmbeddings: number, embeddingDim: number],
      [maxNorm: number | null, normType: number, scaleGradByFreq: boolean, mode: BagMode, sparse: boolean],
      typeof bagSpec
    >
  ) {
    super();
    const given = bagSignature.read(args);
    this.numEmbeddings = given.numEmbeddings;
    this.embeddingDim = given.embeddingDim;
    this.maxNorm = given.maxNorm;
    this.normType = given.normType;
    this.scaleGradByFreq = given.scaleGradByFreq;
    this.mode = given.mode;
    this.sparse = given.sparse;
    this.includeLastOffset = given.includeLastOffset;
    this.paddingIdx = resolvePadding(given.paddingIdx, given.numEmbeddings);
    this.weight = tableOf(given.numEmbeddings, given.embeddingDim, given._weight, false, given);
    if (given._weight === null) this.resetParameters();
  }

  /** Draws the table anew. */
  resetParameters(): void {
    drawTable(this.weight, this.paddingIdx);
  }

  override forward(
    input: Tensor,
    offsets: Tensor | null = null,
    perSampleWeights: Tensor | null = null,
  ): Tensor {
    const { weight, maxNorm, normType, scaleGradByFreq, mode, sparse, includeLastOffset, paddingIdx } = this;
    return embeddingBag(input, weight, {
      offsets,
      maxNorm,
      normType,
      scaleGradByFreq,
      mode,
      sparse,
      perSampleWeights,
      includeLastOffset,
      paddingIdx,
    });
  }

  override extraRepr(): string {
    let text = `${this.numEmbeddings}, ${this.embeddingDim}`;
    if (this.maxNorm !== null) text += `, max_norm=${pythonNumber(this.maxNorm)}`;
    if (this.normType !== 2) text += `, norm_type=${pythonFloat(this.normType)}`;
    if (this.scaleGradByFreq) text += `, scale_grad_by_freq=${pythonText(true)}`;
    text += `, mode=${pythonRepr(this.mode)}`;
    if (this.paddingIdx !== null) text += `, padding_idx=${this.paddingIdx}`;
    return text;
  }
}
