/** Functions whose Python signature (torch/functional.py) is not ATen's. */
import { ArgumentError, ShapeError, ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { bindArguments, callAten, checkTensor } from '../bind.js';
import type { DType, Ints, Scalar } from '../types.js';

export interface NormOptions {
  /** `'fro'` (default), `'nuc'`, or the exponent of a vector norm. */
  p?: Scalar | 'fro' | 'nuc' | null;
  dim?: Ints | null;
  /** Default: false. */
  keepdim?: boolean;
  dtype?: DType | null;
}

/** @internal Python: torch/functional.py norm, for strided tensors. */
export function normOf(input: unknown, bound: Record<string, unknown>): Tensor {
  const { p = 'fro', keepdim = false, dtype = null, out } = bound;
  const dim = typeof bound.dim === 'number' ? [bound.dim] : ((bound.dim ?? null) as readonly number[] | null);
  if (typeof p !== 'string' || (p === 'fro' && (dim === null || dim.length <= 2))) {
    const order = typeof p === 'string' || p === null ? 2 : p;
    const aten = out === undefined ? 'linalg_vector_norm.' : 'linalg_vector_norm.out';
    return callAten(aten, [input, order, dim, keepdim], { dtype, out }) as Tensor;
  }
  if (p !== 'fro' && p !== 'nuc')
    throw new ValueError(`norm(): p must be a number, 'fro' or 'nuc', got '${p}'`);
  const all = dim ?? (input as Tensor).shape.map((_, i) => i);
  const aten = out === undefined ? 'linalg_matrix_norm.str_ord' : 'linalg_matrix_norm.str_ord_out';
  return callAten(aten, [input, p, all, keepdim], { dtype, out }) as Tensor;
}

/** Vector or matrix norm. In Python: `norm(input, p='fro', dim=None, keepdim=False, out=None, dtype=None)`. See torch.norm. */
export function norm(input: Tensor, options?: NormOptions & { out?: Tensor }): Tensor;
export function norm(
  input: Tensor,
  p?: NormOptions['p'] | (NormOptions & { out?: Tensor }),
  dim?: Ints | null | (NormOptions & { out?: Tensor }),
  keepdim?: boolean | (NormOptions & { out?: Tensor }),
  options?: NormOptions & { out?: Tensor },
): Tensor;
export function norm(options: { input: Tensor } & NormOptions & { out?: Tensor }): Tensor;
export function norm(...args: unknown[]): Tensor {
  const bound = bindArguments(
    { name: 'norm', params: ['input', 'p', 'dim', 'keepdim', 'out', 'dtype'] },
    args,
  );
  return normOf(bound.input, bound);
}

/** @internal */
export function splitOf(tensor: unknown, size: unknown, dim: unknown = 0): Tensor[] {
  return callAten(Array.isArray(size) ? 'split_with_sizes' : 'split.Tensor', [tensor, size, dim]) as Tensor[];
}

/**
 * Views of equal size along `dim` (the last may be smaller), or of the given sizes.
 * In Python: `split(tensor, split_size_or_sections, dim=0)`. See torch.split.
 */
export function split(tensor: Tensor, splitSizeOrSections: Ints, dim?: number | { dim?: number }): Tensor[];
export function split(tensor: Tensor, options: { splitSizeOrSections: Ints; dim?: number }): Tensor[];
export function split(options: { tensor: Tensor; splitSizeOrSections: Ints; dim?: number }): Tensor[];
export function split(...args: unknown[]): Tensor[] {
  const signature = { name: 'split', params: ['tensor', 'splitSizeOrSections', 'dim'], required: 2 };
  const { tensor, splitSizeOrSections, dim } = bindArguments(signature, args);
  return splitOf(tensor, splitSizeOrSections, dim);
}

/** Dimensions to contract: the last and first n, or a list for each tensor. */
export type TensordotDims = number | readonly [readonly number[], readonly number[]] | Tensor;

function dimensionPairs(a: Tensor, b: Tensor, dims: unknown): [readonly number[], readonly number[]] {
  if (Array.isArray(dims)) {
    if (dims.length !== 2)
      throw new ArgumentError(
        `tensordot(): dims must be a number or two lists of dimensions, got ${dims.length} of them`,
      );
    return dims as unknown as [readonly number[], readonly number[]];
  }
  if (typeof dims !== 'number') {
    checkTensor('tensordot', 'dims', dims);
    const given = dims as Tensor;
    if (given.numel() > 1) return given.tolist() as [number[], number[]];
    return dimensionPairs(a, b, given.item());
  }
  if (!Number.isInteger(dims) || dims < 0)
    throw new ValueError(`tensordot(): dims must be a whole number from 0, got ${dims}`);
  if (dims > Math.min(a.dim(), b.dim()))
    throw new ShapeError(
      `tensordot(): dims=${dims} exceeds the dimensions of the tensors (${a.dim()} and ${b.dim()})`,
    );
  const count = Array.from({ length: dims }, (_, i) => i);
  return [count.map((i) => i - dims), count];
}

/** Contraction over several dimensions. In Python: `tensordot(a, b, dims=2, out=None)`. See torch.tensordot. */
export function tensordot(
  a: Tensor,
  b: Tensor,
  dims?: TensordotDims | { dims?: TensordotDims; out?: Tensor },
  options?: { out?: Tensor },
): Tensor;
export function tensordot(options: { a: Tensor; b: Tensor; dims?: TensordotDims; out?: Tensor }): Tensor;
export function tensordot(...args: unknown[]): Tensor {
  const signature = { name: 'tensordot', params: ['a', 'b', 'dims', 'out'], required: 2 };
  const { a, b, dims = 2, out } = bindArguments(signature, args);
  checkTensor('tensordot', 'a', a);
  checkTensor('tensordot', 'b', b);
  const [dimsA, dimsB] = dimensionPairs(a as Tensor, b as Tensor, dims);
  return callAten(out === undefined ? 'tensordot.' : 'tensordot.out', [a, b, dimsA, dimsB], {
    out,
  }) as Tensor;
}

export type CdistComputeMode =
  | 'use_mm_for_euclid_dist_if_necessary'
  | 'use_mm_for_euclid_dist'
  | 'donot_use_mm_for_euclid_dist';

const computeModes: Readonly<Record<CdistComputeMode, number | null>> = {
  use_mm_for_euclid_dist_if_necessary: null,
  use_mm_for_euclid_dist: 1,
  donot_use_mm_for_euclid_dist: 2,
};

export interface CdistOptions {
  /** Exponent of the norm. Default: 2. */
  p?: number;
  /** Default: `'use_mm_for_euclid_dist_if_necessary'`. */
  computeMode?: CdistComputeMode;
}

/**
 * Distance of each row of `x1` (…, P, M) to each of `x2` (…, R, M): (…, P, R).
 * In Python: `cdist(x1, x2, p=2.0, compute_mode='use_mm_for_euclid_dist_if_necessary')`. See torch.cdist.
 */
export function cdist(
  x1: Tensor,
  x2: Tensor,
  p?: number | CdistOptions,
  computeMode?: CdistComputeMode | CdistOptions,
): Tensor;
export function cdist(x1: Tensor, options: { x2: Tensor } & CdistOptions): Tensor;
export function cdist(options: { x1: Tensor; x2: Tensor } & CdistOptions): Tensor;
export function cdist(...args: unknown[]): Tensor {
  const signature = { name: 'cdist', params: ['x1', 'x2', 'p', 'computeMode'], required: 2 };
  const bound = bindArguments(signature, args);
  const { x1, x2, p = 2, computeMode = 'use_mm_for_euclid_dist_if_necessary' } = bound;
  if (!Object.hasOwn(computeModes, computeMode as string))
    throw new ValueError(
      `cdist(): computeMode must be one of ${Object.keys(computeModes).join(', ')}, got '${String(computeMode)}'`,
    );
  return callAten('cdist', [x1, x2, p, computeModes[computeMode as CdistComputeMode]]) as Tensor;
}

export interface LuOptions {
  /** Default: true. */
  pivot?: boolean;
  /** Also give the info of LAPACK, and throw nothing. Default: false. */
  getInfos?: boolean;
}

/** @internal */
export function luOf(bound: Record<string, unknown>): Tensor[] {
  const { input, pivot = true, getInfos = false } = bound;
  const [factors, pivots, infos] = callAten('_lu_with_info', [
    input,
    pivot,
    getInfos !== true,
  ]) as Iterable<Tensor>;
  return getInfos ? [factors!, pivots!, infos!] : [factors!, pivots!];
}

/** LU factorisation: compact factors, pivots and, with `getInfos`, infos. In Python: `lu(A, pivot=True, get_infos=False)`. See torch.lu. */
export function lu(input: Tensor, options: LuOptions & { getInfos: true }): [Tensor, Tensor, Tensor];
export function lu(
  input: Tensor,
  pivot?: boolean | LuOptions,
  options?: { getInfos?: false },
): [Tensor, Tensor];
export function lu(input: Tensor, pivot: boolean, getInfos: boolean): Tensor[];
export function lu(...args: unknown[]): Tensor[] {
  return luOf(bindArguments({ name: 'lu', params: ['input', 'pivot', 'getInfos'] }, args));
}

/**
 * Coordinates of flat indices in a tensor of the given shape, a tensor for each dimension.
 * In Python: `unravel_index(indices, shape)`. See torch.unravel_index.
 */
export function unravelIndex(indices: Tensor, shape: Ints): Tensor[];
export function unravelIndex(indices: Tensor, options: { shape: Ints }): Tensor[];
export function unravelIndex(...args: unknown[]): Tensor[] {
  const bound = bindArguments({ name: 'unravelIndex', params: ['indices', 'shape'], required: 2 }, args);
  checkTensor('unravelIndex', 'indices', bound.indices);
  const indices = bound.indices as Tensor;
  const shape = (typeof bound.shape === 'number' ? [bound.shape] : bound.shape) as readonly number[];
  if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size)))
    throw new ArgumentError('unravelIndex(): shape must be a whole number or a list of them');
  if (!/^u?int/.test(indices.dtype))
    throw new ArgumentError(`unravelIndex(): indices must be of an integer dtype, got ${indices.dtype}`);
  if (shape.some((size) => size < 0 || (size === 0 && indices.numel() > 0)))
    throw new ValueError(`unravelIndex(): no index fits into the shape [${shape.join(', ')}]`);
  return shape.map((size, i) => {
    const stride = shape.slice(i + 1).reduce((a, b) => a * b, 1);
    return callAten('remainder.Scalar', [callAten('floor_divide.Scalar', [indices, stride]), size]) as Tensor;
  });
}

/** @internal */
export function nonzeroOf(bound: Record<string, unknown>): Tensor | Tensor[] {
  const { input, asTuple = false, out } = bound;
  if (asTuple === true) return callAten('nonzero_numpy', [input]) as Tensor[];
  return callAten(out === undefined ? 'nonzero.' : 'nonzero.out', [input], { out }) as Tensor;
}

/**
 * Indices of the elements that are not zero: (n, dimensions), int64; with `asTuple` a vector for each
 * dimension. In Python: `nonzero(input, *, out=None, as_tuple=False)`. See torch.nonzero.
 */
export function nonzero(input: Tensor, options: { asTuple: true }): Tensor[];
export function nonzero(input: Tensor, options?: { asTuple?: false; out?: Tensor }): Tensor;
export function nonzero(options: { input: Tensor; asTuple?: false; out?: Tensor }): Tensor;
export function nonzero(...args: unknown[]): Tensor | Tensor[] {
  return nonzeroOf(
    bindArguments({ name: 'nonzero', params: ['input'], keywordOnly: ['asTuple', 'out'] }, args),
  );
}
