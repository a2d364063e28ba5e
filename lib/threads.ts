/** Threads and determinism of LibTorch's kernels, and how it was built. */
import { native } from './native.js';

/** Threads inside an operator. Source: torch.get_num_threads. */
export function getNumThreads(): number {
  return native.getNumThreads();
}

/** @throws ValueError for fewer than one. Source: torch.set_num_threads. */
export function setNumThreads(threads: number): void {
  native.setNumThreads(threads);
}

/** Deterministic kernels only. Source: torch.use_deterministic_algorithms. */
export function useDeterministicAlgorithms(enabled: boolean, options: { warnOnly?: boolean } = {}): void {
  native.setDeterministic(enabled, options.warnOnly ?? false);
}

/** How LibTorch was built. Source: torch.__config__.show. */
export function showConfig(): string {
  return native.showConfig();
}
