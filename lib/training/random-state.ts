/** The random numbers of a run: where the generators stand, so that a resumed run draws the same. */
import { Generator, getRngState, setRngState } from '../random/index.js';
import type { Tensor } from '../tensor/index.js';

/** The states of the CPU's generator and of the loader's own, where it has one. */
export interface RandomState {
  cpu: Tensor;
  loader: Tensor | null;
}

/** Generators of a loader or its sampler, which draw the order of an epoch. */
function generatorOf(loader: unknown): Generator | null {
  const { generator, sampler } = loader as { generator?: unknown; sampler?: { generator?: unknown } };
  if (generator instanceof Generator) return generator;
  return sampler?.generator instanceof Generator ? sampler.generator : null;
}

export function captureRandom(loader: unknown): RandomState {
  return { cpu: getRngState(), loader: generatorOf(loader)?.getState() ?? null };
}

export function restoreRandom(state: RandomState, loader: unknown): void {
  setRngState(state.cpu);
  if (state.loader !== null) generatorOf(loader)?.setState(state.loader);
}
