/** Operators: typed functions, the namespaces of `torch`, and every operator untyped. */
import './generated/methods.js';

export * from './exceptions/index.js';
export * as fft from './generated/fft.js';
export * from './generated/functions.js';
export * as linalg from './generated/linalg.js';
export * as special from './generated/special.js';
export type { Complex, Ints, NamedTensors, Scalar, TensorOptions } from './types.js';
export { type OperatorNamespace, ops, type UntypedOperator } from './untyped.js';
