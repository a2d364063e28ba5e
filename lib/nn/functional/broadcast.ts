/** Tensors expanded to one shape. */
import { defineFunction } from '../../ops/define.js';
import type { Tensor } from '../../tensor/index.js';

const broadcast = defineFunction('broadcastTensors', 'aten::broadcast_tensors') as (
  tensors: readonly Tensor[],
) => Tensor[];

/** Both in the shape that they broadcast to. Source: torch.broadcast_tensors. */
export function broadcastPair(a: Tensor, b: Tensor): [Tensor, Tensor] {
  return broadcast([a, b]) as [Tensor, Tensor];
}
