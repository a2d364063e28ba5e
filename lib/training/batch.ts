/** Batches of any shape: moved to a device, counted, split into inputs and labels. */
import { ArgumentError } from '../errors.js';
import { type Device, Tensor } from '../tensor/index.js';

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Applies `change` to every tensor in arrays and plain objects; the rest stays as it is. */
export function mapTensors<T>(value: T, change: (tensor: Tensor) => Tensor): T {
  if (value instanceof Tensor) return change(value) as T;
  if (Array.isArray(value)) return value.map((item) => mapTensors(item as unknown, change)) as T;
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTensors(item, change)])) as T;
}

export function moveBatch<T>(batch: T, device: Device): T {
  return mapTensors(batch, (tensor) => tensor.to(device));
}

/** The output without its graph. */
export function detached<T>(output: T): T {
  return mapTensors(output, (tensor) => tensor.detach());
}

function firstTensor(value: unknown): Tensor | null {
  if (value instanceof Tensor) return value;
  const items = Array.isArray(value) ? value : isPlain(value) ? Object.values(value) : [];
  for (const item of items) {
    const found = firstTensor(item);
    if (found !== null) return found;
  }
  return null;
}

/** Samples of a batch: the first size of its first tensor; 1 where there is none. */
export function samplesOf(batch: unknown): number {
  const tensor = firstTensor(batch);
  return tensor === null || tensor.dim() === 0 ? 1 : tensor.size(0);
}

function describe(batch: unknown): string {
  if (Array.isArray(batch)) return `an array of ${batch.length}`;
  if (batch === null) return 'null';
  return typeof batch === 'object' ? (batch.constructor?.name ?? 'an object') : typeof batch;
}

/**
 * `[…inputs, labels]` in two parts.
 *
 * @throws ArgumentError for a batch of another shape
 */
export function splitBatch(batch: unknown): { inputs: unknown[]; labels: Tensor } {
  if (Array.isArray(batch) && batch.length >= 2 && batch.at(-1) instanceof Tensor)
    return { inputs: batch.slice(0, -1), labels: batch.at(-1) };
  throw new ArgumentError(
    `Trainer: expected a batch [inputs, labels] of tensors, got ${describe(batch)}; ` +
      'for other batches give the option step: (model, batch) => loss',
  );
}

/** What goes into the model: the batch without its labels, where it has any. */
export function inputsOf(batch: unknown): unknown[] {
  if (!Array.isArray(batch)) return [batch];
  return batch.length >= 2 ? batch.slice(0, -1) : batch;
}
