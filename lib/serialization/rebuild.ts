/** Tensors of what a pickle says about them: first only collected, then made of the storages that were read. */
import type { DType, Handle } from '../bindings.js';
import { FileFormatError, NotImplementedError } from '../errors.js';
import { native } from '../native.js';
import { Parameter } from '../nn/parameter.js';
import { dtypeBytes, isDType, Tensor } from '../tensor/index.js';
import { aten } from '../utils/aten.js';

/** A storage as a pickle refers to it. */
export interface StorageReference {
  readonly key: string;
  readonly dtype: DType;
  readonly location: string;
  /** In elements: where it begins in the stored one (files before the zip format), and its length. */
  readonly start: number;
  readonly length: number;
}

/** A reference as a value on the pickle's stack: nothing else may pass for one. */
export class StoredStorage {
  constructor(readonly reference: StorageReference) {}
}

/** What a tensor is while storages are only collected. */
class Pending {}

type Bits = { conj?: boolean; neg?: boolean };

const emptyStrided = aten<Tensor>('empty_strided');
const conjugated = aten<Tensor>('_conj');
const negated = aten<Tensor>('_neg_view');
const makeCoo = aten<Tensor>('_sparse_coo_tensor_unsafe');
const checkCoo = aten('_validate_sparse_coo_tensor_args');
const makeCompressed = aten<Tensor>('_sparse_compressed_tensor_unsafe');
const checkCompressed = aten('_validate_sparse_compressed_tensor_args');

function wholeNumbers(value: unknown, what: string): number[] {
  if (!Array.isArray(value) || !value.every((v) => Number.isSafeInteger(v) && v >= 0))
    throw new FileFormatError(`a tensor whose ${what} is not a tuple of whole numbers from 0`);
  return value as number[];
}

function wholeNumber(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new FileFormatError(`a tensor whose ${what} is not a whole number from 0: ${String(value)}`);
  return value as number;
}

function flag(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new FileFormatError('a tensor whose requires_grad is no boolean');
  return value;
}

/**
 * Makes tensors. Without storages it only checks the forms; that first pass tells which storages a
 * file needs, and refuses what may not be read before a byte of them is.
 */
export class Rebuilder {
  constructor(private readonly storages: ReadonlyMap<string, Handle> | null) {}

  /** `_rebuild_tensor_v2` and its kin. */
  tensor(
    storage: unknown,
    offset: unknown,
    size: unknown,
    stride: unknown,
    requiresGrad: unknown,
    dtype?: unknown,
    metadata?: unknown,
  ): unknown {
    if (!(storage instanceof StoredStorage)) throw new FileFormatError('a tensor without a storage');
    const { reference } = storage;
    const sizes = wholeNumbers(size, 'size');
    const strides = wholeNumbers(stride, 'stride');
    const start = wholeNumber(offset, 'storage offset');
    const wanted = dtype ?? reference.dtype;
    if (!isDType(wanted)) throw new FileFormatError(`a tensor of the unknown dtype ${String(wanted)}`);
    if (!this.storages) return new Pending();
    const handle = this.storages.get(reference.key);
    if (!handle) throw new FileFormatError(`the storage '${reference.key}' is missing`);
    const width = dtypeBytes(reference.dtype);
    // A part of a storage ends before it, and begins at a number of its elements.
    const bytes = (reference.start + reference.length) * width;
    const first = (reference.start * width) / dtypeBytes(wanted) + start;
    const tensor = new Tensor(native.viewStorage(handle, wanted, sizes, strides, first, bytes));
    return this.withGrad(this.withBits(tensor, metadata), requiresGrad);
  }

  private withBits(tensor: Tensor, metadata: unknown): Tensor {
    if (!(metadata instanceof Map)) return tensor;
    const { conj, neg } = Object.fromEntries(metadata) as Bits;
    let result = tensor;
    if (conj === true && tensor.dtype.startsWith('complex')) result = conjugated([result]);
    if (neg === true) result = negated([result]);
    return result;
  }

  private withGrad(tensor: Tensor, requiresGrad: unknown): Tensor {
    if (flag(requiresGrad)) tensor.requiresGrad = true;
    return tensor;
  }

  private checked(value: unknown, what: string): Tensor {
    if (!(value instanceof Tensor)) throw new FileFormatError(`${what} is made of a value that is no tensor`);
    return value;
  }

  parameter(data: unknown, requiresGrad: unknown): unknown {
    if (!this.storages && data instanceof Pending) return new Pending();
    return new Parameter(this.checked(data, 'a parameter'), flag(requiresGrad));
  }

  /** `_rebuild_meta_tensor_no_storage`. */
  meta(dtype: unknown, size: unknown, stride: unknown, requiresGrad: unknown): unknown {
    const sizes = wholeNumbers(size, 'size');
    const strides = wholeNumbers(stride, 'stride');
    if (!isDType(dtype)) throw new FileFormatError(`a tensor of the unknown dtype ${String(dtype)}`);
    if (!this.storages) return new Pending();
    return this.withGrad(emptyStrided([sizes, strides], { dtype, device: 'meta' }), requiresGrad);
  }

  /** `_rebuild_device_tensor_from_cpu_tensor`: of a device that torchts does not reach; it stays on the CPU. */
  fromCpu(data: unknown, dtype: unknown, requiresGrad: unknown): unknown {
    if (!isDType(dtype)) throw new FileFormatError(`a tensor of the unknown dtype ${String(dtype)}`);
    if (!this.storages && data instanceof Pending) return new Pending();
    return this.withGrad(this.checked(data, 'a tensor').to(dtype), requiresGrad);
  }

  /** `_rebuild_sparse_tensor`; indices are checked, as wrong ones would lead out of bounds later. */
  sparse(layout: unknown, data: unknown): unknown {
    if (!Array.isArray(data)) throw new FileFormatError('a sparse tensor without its parts');
    const compressed = layout === 'sparseCsr' || layout === 'sparseCsc';
    if (layout !== 'sparseCoo' && !compressed)
      throw new NotImplementedError(`sparse tensors of the layout ${String(layout)} are not read`);
    if (!this.storages) return new Pending();
    if (compressed) {
      const [outer, inner, values, size] = data as unknown[];
      const parts = [outer, inner, values].map((part) => this.checked(part, 'a sparse tensor'));
      const sizes = wholeNumbers(size, 'size');
      if (!parts[2]!.isMeta) checkCompressed([...parts, sizes, layout]);
      return makeCompressed([...parts, sizes], {
        dtype: parts[2]!.dtype,
        layout,
        device: parts[2]!.device,
      });
    }
    const [indices, values, size, coalesced] = data as unknown[];
    const parts = [indices, values].map((part) => this.checked(part, 'a sparse tensor'));
    const sizes = wholeNumbers(size, 'size');
    const isCoalesced = typeof coalesced === 'boolean' ? coalesced : null;
    if (!parts[1]!.isMeta) checkCoo([...parts, sizes, isCoalesced]);
    return makeCoo([...parts, sizes], {
      dtype: parts[1]!.dtype,
      layout,
      device: parts[1]!.device,
      is_coalesced: isCoalesced,
    });
  }
}
