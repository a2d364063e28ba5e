/** The random numbers of transforms, drawn as torchvision draws them. */
import type { Tensor } from '../../tensor/tensor.js';
import { aten } from '../../utils/aten.js';

const rand = aten<Tensor>('rand');
const randint = aten<Tensor>('randint', 'low');
const empty = aten<Tensor>('empty', 'memory_format');
const uniform_ = aten<Tensor>('uniform_');

/** `torch.rand(1)`, a float32 from 0 up to 1. */
export const drawUnit = (): number => rand([[1]], { dtype: 'float32' }).item() as number;

/** `torch.randint(0, high, size=(1,))`. */
export const drawBelow = (high: number): number =>
  randint([0, high, [1]], { dtype: 'int64' }).item() as number;

/** `torch.empty(1).uniform_(low, high)`. */
export const drawBetween = (low: number, high: number): number =>
  uniform_([empty([[1]], { dtype: 'float32' }), low, high]).item() as number;

/** Whether a draw is below `p`, compared in float32 as a tensor is. */
export const drawChance = (p: number): boolean => drawUnit() < Math.fround(p);
