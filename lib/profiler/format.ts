/** Times, shares and memory as PyTorch's tables show them. */

/** `0.123us`, `4.560ms`, `7.890s` of a time in microseconds. */
export function formatTime(us: number): string {
  if (us >= 1e6) return `${(us / 1e6).toFixed(3)}s`;
  if (us >= 1e3) return `${(us / 1e3).toFixed(3)}ms`;
  return `${us.toFixed(3)}us`;
}

/** A time in a unit that was asked for. */
export function formatTimeIn(us: number, unit: 's' | 'ms' | 'us' | null | undefined): string {
  if (unit === 's') return `${(us / 1e6).toFixed(3)}s`;
  if (unit === 'ms') return `${(us / 1e3).toFixed(3)}ms`;
  if (unit === 'us') return `${us.toFixed(3)}us`;
  return formatTime(us);
}

export function formatShare(us: number, total: number): string {
  return total === 0 ? 'NaN' : `${((us * 100) / total).toFixed(2)}%`;
}

export function formatMemory(bytes: number): string {
  const size = Math.abs(bytes);
  if (size >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(2)} GB`;
  if (size >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(2)} MB`;
  if (size >= 2 ** 10) return `${(bytes / 2 ** 10).toFixed(2)} KB`;
  return `${bytes} B`;
}

/** `[[2, 3], []]`. */
export function formatShapes(shapes: readonly (readonly number[])[]): string {
  return `[${shapes.map((shape) => `[${shape.join(', ')}]`).join(', ')}]`;
}
