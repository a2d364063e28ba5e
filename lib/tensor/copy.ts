/** Copies of many tensors at once, without gradients. */
import { native } from '../native.js';
import type { Tensor } from './tensor.js';

/** Whether two tensors have the same shape; asks for no lists of sizes. */
export function haveSameShape(a: Tensor, b: Tensor): boolean {
  return native.sameShape(a.handle, b.handle);
}

/**
 * `target.copy_(source)` for each pair, in order; to be called in `noGrad`. Those that are no more than
 * copies of bytes on the CPU go together, on all threads; the others through the operator.
 */
export function copyEach(pairs: readonly { readonly target: Tensor; readonly source: Tensor }[]): void {
  const targets = pairs.map(({ target }) => target.handle);
  const sources = pairs.map(({ source }) => source.handle);
  for (let i = 0; i < pairs.length; i++) {
    i = native.copyPlain(targets, sources, i);
    pairs[i]?.target.copy_(pairs[i]!.source);
  }
}
