/**
 * The globals that a file of `torch.save` may name, as Python's `weights_only` reader has them, with
 * what stands for each here. Nothing of Python runs. Source: torch.serialization, "weights_only".
 */
import { FileFormatError, NotImplementedError } from '../errors.js';
import { device, isDType } from '../tensor/index.js';
import { isHashable, PickleClass } from './pickle/pickle-values.js';
import type { Rebuilder } from './rebuild.js';
import { storageClass } from './storage-types.js';

/** Module names of Python 2, which protocol 2 still writes. */
const renamedModules: Record<string, string> = { __builtin__: 'builtins', copy_reg: 'copyreg' };

const layouts: Record<string, string> = {
  'torch.strided': 'strided',
  'torch.sparse_coo': 'sparseCoo',
  'torch.sparse_csr': 'sparseCsr',
  'torch.sparse_csc': 'sparseCsc',
  'torch.sparse_bsr': 'sparseBsr',
  'torch.sparse_bsc': 'sparseBsc',
};

function text(value: unknown): string {
  if (typeof value !== 'string') throw new FileFormatError('a string was expected');
  return value;
}

function dict(args: readonly unknown[]): Map<unknown, unknown> {
  const [items = []] = args;
  if (items instanceof Map) return new Map(items);
  if (!Array.isArray(items) || !items.every((pair) => Array.isArray(pair) && pair.length === 2))
    throw new FileFormatError('a dict of something else than pairs');
  if (!items.every(([key]) => isHashable(key)))
    throw new FileFormatError('a dict with a key that may change');
  return new Map(items as [unknown, unknown][]);
}

function latin1(value: unknown, encoding: unknown): Uint8Array {
  const name = encoding === undefined ? 'utf-8' : text(encoding).toLowerCase().replaceAll('_', '-');
  if (['latin1', 'latin-1', 'iso-8859-1'].includes(name))
    return Uint8Array.from(Buffer.from(text(value), 'latin1'));
  if (['utf8', 'utf-8', 'ascii'].includes(name)) return Uint8Array.from(Buffer.from(text(value), 'utf8'));
  throw new FileFormatError(`bytes in the unknown encoding ${name}`);
}

function bytearray(args: readonly unknown[]): Uint8Array {
  const [source, encoding] = args;
  if (source === undefined) return new Uint8Array(0);
  return source instanceof Uint8Array ? Uint8Array.from(source) : latin1(source, encoding);
}

/** A function with the numbers of arguments that it takes in Python. */
function call(
  name: string,
  least: number,
  most: number,
  run: (args: readonly unknown[]) => unknown,
): [string, PickleClass] {
  const checked = (args: readonly unknown[]): unknown => {
    if (args.length < least || args.length > most)
      throw new FileFormatError(
        `${name} with ${args.length} arguments, it takes ${least === most ? least : `${least} to ${most}`}`,
      );
    return run(args);
  };
  return [name, new PickleClass(name, { call: checked })];
}

function ordered(name: string): [string, PickleClass] {
  // Attributes of a state dict (its modules' versions) are no data of it.
  return [name, new PickleClass(name, { call: dict, setState: () => {} })];
}

function dataClasses(): [string, PickleClass][] {
  return [
    ordered('collections.OrderedDict'),
    ordered('collections.Counter'),
    call('torch.Size', 0, 1, ([sizes = []]) => {
      if (!Array.isArray(sizes)) throw new FileFormatError('a size that is no tuple');
      return [...(sizes as unknown[])];
    }),
    call('torch.device', 1, 2, ([type, index]) => {
      if (index !== undefined && index !== null && !Number.isSafeInteger(index))
        throw new FileFormatError('a device index');
      return device(text(type), (index as number | null) ?? undefined);
    }),
    call('torch.serialization._get_layout', 1, 1, ([name]) => {
      const layout = Object.hasOwn(layouts, text(name)) ? layouts[text(name)] : undefined;
      if (!layout) throw new FileFormatError(`the unknown layout ${text(name)}`);
      return layout;
    }),
    call('_codecs.encode', 1, 3, ([value, encoding]) => latin1(value, encoding)),
    call('builtins.bytearray', 0, 3, bytearray),
    call('builtins.set', 0, 1, ([items = []]) => {
      if (!Array.isArray(items) && !(items instanceof Set))
        throw new FileFormatError('a set of something else than a list');
      if (![...items].every(isHashable)) throw new FileFormatError('a set with a member that may change');
      return new Set(items);
    }),
    call('builtins.complex', 0, 2, ([re = 0, im = 0]) => {
      if (typeof re !== 'number' || typeof im !== 'number')
        throw new FileFormatError('a complex number of something else than numbers');
      return { re, im };
    }),
  ];
}

function tensorClasses(rebuild: Rebuilder): [string, PickleClass][] {
  const utils = 'torch._utils';
  const unread = (name: string, what: string): [string, PickleClass] =>
    call(`${utils}.${name}`, 0, 64, () => {
      throw new NotImplementedError(`it holds ${what}, which torchts does not read`);
    });
  const builders: [string, PickleClass][] = [
    call(`${utils}._rebuild_tensor`, 4, 4, ([storage, offset, size, stride]) =>
      rebuild.tensor(storage, offset, size, stride, false),
    ),
    call(`${utils}._rebuild_tensor_v2`, 6, 7, ([storage, offset, size, stride, grad, , metadata]) =>
      rebuild.tensor(storage, offset, size, stride, grad, undefined, metadata),
    ),
    call(`${utils}._rebuild_tensor_v3`, 7, 8, ([storage, offset, size, stride, grad, , dtype, metadata]) => {
      if (dtype === undefined) throw new FileFormatError('a tensor without a dtype');
      return rebuild.tensor(storage, offset, size, stride, grad, dtype, metadata);
    }),
    call(`${utils}._rebuild_parameter`, 3, 3, ([data, grad]) => rebuild.parameter(data, grad)),
    call(`${utils}._rebuild_parameter_with_state`, 4, 4, ([data, grad]) => rebuild.parameter(data, grad)),
    call('torch.nn.parameter.Parameter', 1, 2, ([data, grad = true]) => rebuild.parameter(data, grad)),
    call(`${utils}._rebuild_sparse_tensor`, 2, 2, ([layout, data]) => rebuild.sparse(layout, data)),
    call(`${utils}._rebuild_meta_tensor_no_storage`, 4, 4, ([dtype, size, stride, grad]) =>
      rebuild.meta(dtype, size, stride, grad),
    ),
    call(`${utils}._rebuild_device_tensor_from_cpu_tensor`, 4, 4, ([data, dtype, , grad]) =>
      rebuild.fromCpu(data, dtype, grad),
    ),
    unread('_rebuild_qtensor', 'a quantized tensor'),
    unread('_rebuild_nested_tensor', 'a nested tensor'),
    unread('_rebuild_wrapper_subclass', 'a tensor of a class that only Python has'),
    unread('_rebuild_device_tensor_from_numpy', 'a tensor that only Python with NumPy can rebuild'),
  ];
  const rebuilders = new Set(builders.map(([, builder]) => builder));
  // A tensor with attributes of its own: the tensor is read, the attributes are Python's.
  builders.push(
    call('torch._tensor._rebuild_from_type_v2', 4, 4, ([func, , args]) => {
      if (!(func instanceof PickleClass) || !rebuilders.has(func) || !Array.isArray(args))
        throw new FileFormatError('a tensor that is not rebuilt by a function for tensors');
      return func.handlers.call!(args as unknown[]);
    }),
  );
  return builders;
}

/** Constants: `torch.float32` is a dtype, the class `torch.Tensor` only ever a type's name. */
function constant(fullName: string): unknown {
  const name = fullName.startsWith('torch.') ? fullName.slice(6) : '';
  if (isDType(name)) return name;
  if (name === 'Tensor') return new PickleClass(fullName, {});
  return storageClass(fullName);
}

/** The `resolveGlobal` of the unpickler. */
export function allowedGlobals(rebuild: Rebuilder): (module: string, name: string) => unknown {
  const classes = new Map([...dataClasses(), ...tensorClasses(rebuild)]);
  return (module, name) => {
    const fullName = `${renamedModules[module] ?? module}.${name}`;
    return classes.get(fullName) ?? constant(fullName);
  };
}
