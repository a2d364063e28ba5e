/** Functions of torch/functional.py that take tensors one by one, or as one array. */
import { ArgumentError, ShapeError, ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { callAten } from '../bind.js';
import { isOptions } from '../unwrap.js';

function listOf(args: readonly unknown[]): readonly Tensor[] {
  return (args.length === 1 && Array.isArray(args[0]) ? args[0] : args) as readonly Tensor[];
}

/** Views of all tensors in their common shape. In Python: `broadcast_tensors(*tensors)`. See torch.broadcast_tensors. */
export function broadcastTensors(...tensors: Tensor[]): Tensor[];
export function broadcastTensors(tensors: readonly Tensor[]): Tensor[];
export function broadcastTensors(...args: unknown[]): Tensor[] {
  return callAten('broadcast_tensors', [listOf(args)]) as Tensor[];
}

/**
 * The shape that all shapes broadcast to. In Python: `broadcast_shapes(*shapes)`. See torch.broadcast_shapes.
 *
 * @throws ShapeError where two sizes differ and neither is 1.
 */
export function broadcastShapes(...shapes: (number | readonly number[])[]): number[] {
  const result: number[] = [];
  for (const given of shapes) {
    const shape = typeof given === 'number' ? [given] : given;
    if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size >= 0))
      throw new ArgumentError('broadcastShapes(): a shape must be a list of whole numbers from 0');
    for (let i = 1; i <= shape.length; i++) {
      const size = shape[shape.length - i]!;
      const before = result[result.length - i];
      if (before === undefined) result.unshift(size);
      else if (before === 1) result[result.length - i] = size;
      else if (size !== 1 && size !== before)
        throw new ShapeError(
          `broadcastShapes(): shapes ${shapes.map((s) => `[${String(s)}]`).join(', ')} do not fit: size ${size} and ${before} at dimension -${i}`,
        );
    }
  }
  return result;
}

/** All combinations of the elements of vectors, a row for each. In Python: `cartesian_prod(*tensors)`. See torch.cartesian_prod. */
export function cartesianProd(...tensors: Tensor[]): Tensor;
export function cartesianProd(tensors: readonly Tensor[]): Tensor;
export function cartesianProd(...args: unknown[]): Tensor {
  return callAten('cartesian_prod', [listOf(args)]) as Tensor;
}

/** A matrix with the given ones along its diagonal. In Python: `block_diag(*tensors)`. See torch.block_diag. */
export function blockDiag(...tensors: Tensor[]): Tensor;
export function blockDiag(tensors: readonly Tensor[]): Tensor;
export function blockDiag(...args: unknown[]): Tensor {
  return callAten('block_diag', [listOf(args)]) as Tensor;
}

function atLeast(aten: string, args: readonly unknown[]): Tensor | Tensor[] {
  if (args.length === 1 && !Array.isArray(args[0])) return callAten(`${aten}.`, [args[0]]) as Tensor;
  return callAten(`${aten}.Sequence`, [listOf(args)]) as Tensor[];
}

/** View with at least one dimension. In Python: `atleast_1d(*tensors)`. See torch.atleast_1d. */
export function atleast_1d(tensor: Tensor): Tensor;
export function atleast_1d(...tensors: Tensor[]): Tensor[];
export function atleast_1d(tensors: readonly Tensor[]): Tensor[];
export function atleast_1d(...args: unknown[]): Tensor | Tensor[] {
  return atLeast('atleast_1d', args);
}

/** View with at least two dimensions. In Python: `atleast_2d(*tensors)`. See torch.atleast_2d. */
export function atleast_2d(tensor: Tensor): Tensor;
export function atleast_2d(...tensors: Tensor[]): Tensor[];
export function atleast_2d(tensors: readonly Tensor[]): Tensor[];
export function atleast_2d(...args: unknown[]): Tensor | Tensor[] {
  return atLeast('atleast_2d', args);
}

/** View with at least three dimensions. In Python: `atleast_3d(*tensors)`. See torch.atleast_3d. */
export function atleast_3d(tensor: Tensor): Tensor;
export function atleast_3d(...tensors: Tensor[]): Tensor[];
export function atleast_3d(tensors: readonly Tensor[]): Tensor[];
export function atleast_3d(...args: unknown[]): Tensor | Tensor[] {
  return atLeast('atleast_3d', args);
}

export interface MeshgridOptions {
  /** `'ij'` (default): the first input runs along rows; `'xy'`: along columns. */
  indexing?: 'ij' | 'xy';
}

/**
 * Grids of coordinates from vectors; `indexing` is `'ij'` by default, as in torch.
 * In Python: `meshgrid(*tensors, indexing=None)`. See torch.meshgrid.
 */
export function meshgrid(...tensors: Tensor[]): Tensor[];
export function meshgrid(...args: [...tensors: Tensor[], options: MeshgridOptions]): Tensor[];
export function meshgrid(tensors: readonly Tensor[], options?: MeshgridOptions): Tensor[];
export function meshgrid(...args: unknown[]): Tensor[] {
  const given = [...args];
  const options = isOptions(given.at(-1)) ? (given.pop() as Record<string, unknown>) : {};
  for (const key of Object.keys(options))
    if (key !== 'indexing')
      throw new ArgumentError(`meshgrid() got an unexpected keyword argument '${key}'; known: 'indexing'`);
  return callAten('meshgrid.indexing', [listOf(given)], { indexing: options.indexing ?? 'ij' }) as Tensor[];
}

/** A dimension of `einsum` in its list form: a number from 0 to 51, or `'...'`. */
export type Subscript = number | '...';

function letters(list: readonly Subscript[]): string {
  if (!Array.isArray(list))
    throw new ArgumentError('einsum(): expected an equation, or a list of dimensions after each operand');
  return list
    .map((s) => {
      if (s === '...') return '...';
      if (!Number.isInteger(s) || s < 0 || s >= 52)
        throw new ValueError(
          `einsum(): a subscript must be a whole number from 0 to 51 or '...', got ${String(s)}`,
        );
      return String.fromCharCode(s < 26 ? 65 + s : 97 + s - 26);
    })
    .join('');
}

/**
 * Sum of products by an equation: `einsum('ij,jk->ik', a, b)`, or with lists of dimensions after each
 * operand: `einsum(a, [0, 1], b, [1, 2], [0, 2])`. Contracts from left to right.
 * In Python: `einsum(equation, *operands)`. See torch.einsum.
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor;
export function einsum(equation: string, operands: readonly Tensor[]): Tensor;
export function einsum(...operandsAndSubscripts: (Tensor | readonly Subscript[])[]): Tensor;
export function einsum(...args: unknown[]): Tensor {
  if (args.length < 2)
    throw new ValueError(
      'einsum(): expected an equation and at least one operand, or operands each with its list of dimensions',
    );
  if (typeof args[0] === 'string') return callAten('einsum', [args[0], listOf(args.slice(1))]) as Tensor;
  const lists = args.filter((_, i) => i % 2 === 1) as (readonly Subscript[])[];
  let equation = lists.map(letters).join(',');
  const operands = args.filter((_, i) => i % 2 === 0);
  if (args.length % 2 === 1) equation += `->${letters(operands.pop() as readonly Subscript[])}`;
  return callAten('einsum', [equation, operands]) as Tensor;
}
