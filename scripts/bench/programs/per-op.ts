/** The cost of single operators on 4 × 4 tensors, where the way to the operator is most of the time. */
import * as torch from 'torchts';
import type { Metric } from '../types.js';
import { fingerprint, torchAnswer } from './torch-side.js';

type Params = { calls: number; samples: number };

/** Each operator as its Python twin writes it (`python/per_op.py`). */
function operators(a: torch.Tensor, b: torch.Tensor): Record<string, () => torch.Tensor> {
  const row = b.select(0, 1);
  const pair = [a, b];
  return {
    add: () => a.add(b),
    sub: () => a.sub(b),
    mul: () => a.mul(b),
    div: () => a.div(b),
    'add-scalar': () => a.add(2),
    'mul-scalar': () => a.mul(0.5),
    'add-broadcast': () => a.add(row),
    matmul: () => a.matmul(b),
    sum: () => a.sum(),
    'sum-dim': () => a.sum(1),
    mean: () => a.mean(),
    relu: () => torch.relu(a),
    exp: () => a.exp(),
    sigmoid: () => a.sigmoid(),
    softmax: () => torch.softmax(a, 1),
    view: () => a.view(2, 8),
    reshape: () => a.reshape(-1),
    transpose: () => a.transpose(0, 1),
    unsqueeze: () => a.unsqueeze(0),
    select: () => a.select(0, 1),
    index: () => a.index(1),
    slice: () => a.index(':', '1:3'),
    cat: () => torch.cat(pair),
    clone: () => a.clone(),
  };
}

/** Those that record nothing. */
function plain(b: torch.Tensor): Record<string, () => torch.Tensor> {
  const { device } = b;
  const sum = torch.zeros(4, 4, { device });
  return {
    'add-in-place': () => sum.add_(b),
    zeros: () => torch.zeros(4, 4, { device }),
    empty: () => torch.empty(4, 4, { device }),
    gt: () => b.gt(0.5),
  };
}

await torchAnswer<Params>(async ({ params, target, sync }) => {
  torch.manualSeed(0);
  const a = torch.rand(4, 4).to(target);
  const b = torch.rand(4, 4).to(target);
  const tracked = a.clone().requiresGrad_();
  const metrics: Record<string, Metric> = {};
  const results: Record<string, number[]> = {};

  const measure = (group: string, table: Record<string, () => torch.Tensor>): void => {
    for (const [name, call] of Object.entries(table)) {
      // An empty tensor has any content.
      const first = call();
      results[`${group}/${name}`] = name === 'empty' ? [first.numel()] : fingerprint(first);
      const samples: number[] = [];
      for (let i = -2; i < params.samples; i++) {
        sync();
        const begin = performance.now();
        for (let k = 0; k < params.calls; k++) call();
        sync();
        const elapsed = performance.now() - begin;
        if (i >= 0) samples.push((elapsed * 1000) / params.calls);
      }
      metrics[`${group}/${name}`] = { unit: 'µs', samples };
    }
  };
  torch.noGrad(() => measure('plain', { ...operators(a, b), ...plain(b) }));
  measure('grad', operators(tracked, b));
  return { metrics, results };
});
