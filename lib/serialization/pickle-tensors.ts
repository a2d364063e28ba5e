/** Tensors and other values of torch on their way into a pickle. */
import type { Handle } from '../bindings.js';
import { ArgumentError, NotImplementedError } from '../errors.js';
import { native } from '../native.js';
import { Parameter } from '../nn/parameter.js';
import { isComplex } from '../ops/unwrap.js';
import { Device, dtypeBytes, Tensor } from '../tensor/index.js';
import { aten } from '../utils/aten.js';
import { type PickleHooks, Pickler, type PythonGlobal } from './pickle/pickler.js';
import { storageClassOf } from './storage-types.js';

/** A storage that the pickle refers to. */
export interface SavedStorage {
  readonly key: string;
  /** A tensor that lives in it. */
  readonly handle: Handle;
  readonly bytes: number;
}

/** A pickle and the storages that belong to it. */
export interface PickledValue {
  readonly pickle: Uint8Array;
  readonly storages: SavedStorage[];
}

const utils = (name: string): PythonGlobal => ({ module: 'torch._utils', name });
const isConj = aten<boolean>('is_conj');
const isNeg = aten<boolean>('is_neg');
const isCoalesced = aten<boolean>('is_coalesced');
const parts = {
  indices: aten<Tensor>('_indices'),
  values: aten<Tensor>('_values'),
  crow: aten<Tensor>('crow_indices'),
  col: aten<Tensor>('col_indices'),
  ccol: aten<Tensor>('ccol_indices'),
  row: aten<Tensor>('row_indices'),
  compressedValues: aten<Tensor>('values'),
};

/** Writes tensors as Python's `Tensor.__reduce_ex__` does. */
class TensorHooks implements PickleHooks {
  readonly storages: SavedStorage[] = [];
  private readonly known = new Map<bigint, { storage: SavedStorage; type: string }>();

  special(value: object, pickler: Pickler, path: string): boolean {
    if (value instanceof Parameter) this.parameter(value, pickler, path);
    else if (value instanceof Tensor) this.tensor(value, pickler, path);
    else if (value instanceof Device) this.device(value, pickler);
    else if (
      Object.getPrototypeOf(value) === Object.prototype &&
      isComplex(value) &&
      Object.keys(value).length === 2
    )
      this.complex(value.re, value.im, pickler);
    else return false;
    return true;
  }

  private complex(re: number, im: number, pickler: Pickler): void {
    const args = [re, im].map((part) => () => pickler.float(part));
    pickler.reduce({ module: '__builtin__', name: 'complex' }, args);
  }

  private device({ type, index }: Device, pickler: Pickler): void {
    const args = [() => pickler.string(type)];
    if (index !== null) args.push(() => pickler.write(index, 'a device'));
    pickler.reduce({ module: 'torch', name: 'device' }, args);
  }

  private parameter(value: Parameter, pickler: Pickler, path: string): void {
    pickler.reduce(utils('_rebuild_parameter'), [
      () => pickler.write(value.data, path),
      () => pickler.write(value.requiresGrad, path),
      () => pickler.emptyOrderedDict(),
    ]);
  }

  private tensor(value: Tensor, pickler: Pickler, path: string): void {
    const { layout } = value;
    if (/^qu?int/.test(value.dtype))
      throw new NotImplementedError(
        `torch.save cannot write ${path}: quantized tensors are not written; save dequantize() of it`,
      );
    if (layout === 'strided') {
      if (value.isMeta) this.meta(value, pickler, path);
      else this.strided(value, pickler, path);
    } else if (layout === 'sparseCoo')
      this.sparse('torch.sparse_coo', value, [parts.indices, parts.values], pickler, path);
    else if (layout === 'sparseCsr')
      this.sparse('torch.sparse_csr', value, [parts.crow, parts.col, parts.compressedValues], pickler, path);
    else if (layout === 'sparseCsc')
      this.sparse('torch.sparse_csc', value, [parts.ccol, parts.row, parts.compressedValues], pickler, path);
    else
      throw new NotImplementedError(
        `torch.save cannot write ${path}: a tensor of the layout ${layout}; save toDense() of it`,
      );
  }

  private sizes(values: readonly number[], pickler: Pickler): () => void {
    return () => pickler.tuple(values.map((size) => () => pickler.write(size, 'a size')));
  }

  private meta(value: Tensor, pickler: Pickler, path: string): void {
    pickler.reduce(utils('_rebuild_meta_tensor_no_storage'), [
      () => pickler.global({ module: 'torch', name: value.dtype }),
      this.sizes(value.shape, pickler),
      this.sizes(value.stride(), pickler),
      () => pickler.write(value.requiresGrad, path),
    ]);
  }

  private sparse(
    layout: string,
    value: Tensor,
    members: readonly ((args: readonly unknown[]) => Tensor)[],
    pickler: Pickler,
    path: string,
  ): void {
    const data = members.map((member) => () => pickler.write(member([value.detach()]), path));
    data.push(() => pickler.reduce({ module: 'torch', name: 'Size' }, [this.sizes(value.shape, pickler)]));
    if (layout === 'torch.sparse_coo') data.push(() => pickler.write(isCoalesced([value]), path));
    pickler.reduce(utils('_rebuild_sparse_tensor'), [
      () =>
        pickler.reduce({ module: 'torch.serialization', name: '_get_layout' }, [
          () => pickler.string(layout),
        ]),
      () => pickler.tuple(data),
    ]);
  }

  private strided(value: Tensor, pickler: Pickler, path: string): void {
    const { dtype, handle } = value;
    const typed = storageClassOf(dtype);
    const { storage } = this.storageOf(handle, typed ?? 'UntypedStorage', path);
    const elements = typed ? Math.floor(storage.bytes / dtypeBytes(dtype)) : storage.bytes;
    const args = [
      () =>
        pickler.persistent([
          () => pickler.string('storage'),
          () =>
            pickler.global(
              typed ? { module: 'torch', name: typed } : { module: 'torch.storage', name: 'UntypedStorage' },
            ),
          () => pickler.string(storage.key),
          () => pickler.string(native.device(handle)),
          () => pickler.write(elements, path),
        ]),
      () => pickler.write(value.storageOffset(), path),
      this.sizes(value.shape, pickler),
      this.sizes(value.stride(), pickler),
      () => pickler.write(value.requiresGrad, path),
      () => pickler.emptyOrderedDict(),
    ];
    if (!typed) args.push(() => pickler.global({ module: 'torch', name: dtype }));
    const bits = new Map<string, boolean>();
    if (isConj([value])) bits.set('conj', true);
    if (isNeg([value])) bits.set('neg', true);
    if (bits.size > 0) args.push(() => pickler.write(bits, path));
    pickler.reduce(utils(typed ? '_rebuild_tensor_v2' : '_rebuild_tensor_v3'), args);
  }

  /** Tensors that share a storage share it in the file. */
  private storageOf(handle: Handle, type: string, path: string): { storage: SavedStorage } {
    const id = native.storageId(handle);
    const found = this.known.get(id);
    if (found) {
      if (found.type !== type && found.storage.bytes > 0)
        throw new ArgumentError(
          `torch.save cannot write ${path}: it views the same memory as another tensor with another dtype; save clone() of it`,
        );
      return found;
    }
    const storage = { key: String(this.storages.length), handle, bytes: native.storageBytes(handle) };
    this.storages.push(storage);
    const made = { storage, type };
    this.known.set(id, made);
    return made;
  }
}

/** Pickles a value; nothing is copied yet. */
export function pickleValue(value: unknown): PickledValue {
  const hooks = new TensorHooks();
  const pickle = new Pickler(hooks).dump(value);
  return { pickle, storages: hooks.storages };
}
