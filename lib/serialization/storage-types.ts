/** Storages as pickles name them. */
import type { DType } from '../bindings.js';

/** Dtypes whose storages have a class of their own in Python; the later ones share `UntypedStorage`. */
const classes: Partial<Record<DType, string>> = {
  float64: 'DoubleStorage',
  float32: 'FloatStorage',
  float16: 'HalfStorage',
  int64: 'LongStorage',
  int32: 'IntStorage',
  int16: 'ShortStorage',
  int8: 'CharStorage',
  uint8: 'ByteStorage',
  bool: 'BoolStorage',
  bfloat16: 'BFloat16Storage',
  complex128: 'ComplexDoubleStorage',
  complex64: 'ComplexFloatStorage',
};

const dtypes = new Map(Object.entries(classes).map(([dtype, name]) => [name, dtype as DType]));

/** The class of a dtype's storages, or undefined for `UntypedStorage`. */
export function storageClassOf(dtype: DType): string | undefined {
  return classes[dtype];
}

/** A storage class, as an allowed global; `dtype` is that of its elements. */
export class StorageClass {
  constructor(
    readonly name: string,
    readonly dtype: DType,
  ) {}
}

const known = new Map<string, StorageClass>();
for (const [name, dtype] of dtypes)
  for (const module of ['torch', 'torch.cuda']) known.set(`${module}.${name}`, new StorageClass(name, dtype));
known.set('torch.storage.UntypedStorage', new StorageClass('UntypedStorage', 'uint8'));

/** The storage class of a global's full name. */
export function storageClass(fullName: string): StorageClass | undefined {
  return known.get(fullName);
}
