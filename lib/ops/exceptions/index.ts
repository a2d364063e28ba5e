/** Functions of `torch` that are written by hand. */
export { full } from './creation.js';
export {
  type CdistComputeMode,
  type CdistOptions,
  cdist,
  type LuOptions,
  lu,
  nonzero,
  type NormOptions,
  norm,
  split,
  type TensordotDims,
  tensordot,
  unravelIndex,
} from './functional.js';
export { isTensor, numel, promoteTypes, resultType } from './predicates.js';
export { type StftOptions, stft } from './signal.js';
export {
  type UniqueConsecutiveOptions,
  type UniqueOptions,
  type UniqueResult,
  unique,
  uniqueConsecutive,
} from './unique.js';
export {
  atleast_1d,
  atleast_2d,
  atleast_3d,
  blockDiag,
  broadcastShapes,
  broadcastTensors,
  cartesianProd,
  einsum,
  type MeshgridOptions,
  meshgrid,
  type Subscript,
} from './variadic.js';
