/** The draws that samplers and loaders make, with Python's use of the generators. */
import type { Generator } from '../../random/generator.js';
import type { Tensor } from '../../tensor/tensor.js';
import { aten } from '../aten.js';

const empty = aten<Tensor>('empty', 'memory_format');
const random_ = aten<Tensor>('random_');
const permute = aten<Tensor>('randperm', 'generator');
const integers = aten<Tensor>('randint', 'generator');
const choose = aten<Tensor>('multinomial');

/** `torch.empty((), dtype=torch.int64).random_(generator=generator).item()`. */
export function drawSeed(generator: Generator | null = null): bigint {
  return random_([empty([[]], { dtype: 'int64' })], { generator }).item({ bigint: true }) as bigint;
}

/** `torch.randperm(n, generator=generator).tolist()`. */
export function drawPermutation(n: number, generator: Generator | null): number[] {
  return permute([n], { generator }).tolist() as number[];
}

/** `torch.randint(high, (count,), generator=generator).tolist()`. */
export function drawIntegers(high: number, count: number, generator: Generator | null): number[] {
  return integers([high, [count]], { generator }).tolist() as number[];
}

/** `torch.multinomial(weights, count, replacement, generator=generator).tolist()`. */
export function drawWeighted(
  weights: Tensor,
  count: number,
  replacement: boolean,
  generator: Generator | null,
): number[] {
  return choose([weights, count, replacement], { generator }).tolist() as number[];
}
