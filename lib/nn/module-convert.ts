/** Moving and converting the tensors of a module in place. */
import { ArgumentError, DTypeError } from '../errors.js';
import { isOptions } from '../ops/unwrap.js';
import {
  type DeviceLike,
  type DType,
  device,
  isComplexDType,
  isDType,
  isFloatingDType,
  Tensor,
} from '../tensor/index.js';
import type { MemoryFormat } from '../bindings.js';
import type { Module } from './module.js';

/** Options of `Module.to`. */
export interface ModuleToOptions {
  device?: DeviceLike | null;
  /** Floating point or complex; applies to values that are so already. */
  dtype?: DType | null;
  /** Copies from pinned memory do not wait. Default: false. */
  nonBlocking?: boolean;
  /** For values of 4 and 5 dimensions. */
  memoryFormat?: MemoryFormat | null;
}

const keys = new Set(['device', 'dtype', 'nonBlocking', 'memoryFormat']);

/** Reads the arguments of `Module.to`. */
export function moduleTarget(args: readonly unknown[]): ModuleToOptions {
  const target: ModuleToOptions = {};
  for (const arg of args) {
    if (arg === null || arg === undefined) continue;
    if (arg instanceof Tensor) {
      target.device = arg.device;
      target.dtype = arg.dtype;
    } else if (isDType(arg)) target.dtype = arg;
    else if (typeof arg === 'boolean') target.nonBlocking = arg;
    else if (isOptions(arg)) {
      for (const key of Object.keys(arg))
        if (!keys.has(key))
          throw new ArgumentError(
            `Module.to() got an unexpected keyword argument '${key}'; known: ${[...keys].join(', ')}`,
          );
      Object.assign(target, arg);
    } else target.device = device(arg as DeviceLike);
  }
  const { dtype } = target;
  if (dtype != null && !(isDType(dtype) && (isFloatingDType(dtype) || isComplexDType(dtype))))
    throw new DTypeError(
      `nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=${String(dtype)}`,
    );
  return target;
}

const moves = (dtype: DType): boolean => isFloatingDType(dtype) || isComplexDType(dtype);

/** Source: Module.to. */
export function moveModule(module: Module, target: ModuleToOptions): void {
  const where = target.device == null ? null : device(target.device);
  convertModule(module, (tensor) =>
    tensor.to({
      device: where,
      dtype: target.dtype != null && moves(tensor.dtype) ? target.dtype : null,
      nonBlocking: target.nonBlocking ?? false,
      memoryFormat: tensor.dim() === 4 || tensor.dim() === 5 ? (target.memoryFormat ?? null) : null,
    }),
  );
}

/**
 * Replaces the values of all parameters (in place: an optimizer that holds them goes on working),
 * of their gradients, and all buffers.
 */
export function convertModule(module: Module, convert: (tensor: Tensor) => Tensor): void {
  for (const child of module.children()) convertModule(child, convert);
  for (const [, parameter] of module._ownParameters()) {
    if (!parameter) continue;
    const data = parameter.data;
    const converted = convert(data);
    if (converted === data) continue;
    const { grad } = parameter;
    if (grad) parameter.grad = null;
    parameter.data = converted;
    if (grad) parameter.grad = convert(grad.data).requiresGrad_(grad.requiresGrad);
  }
  for (const [name, buffer] of module._ownBuffers()) if (buffer) module._setMember(name, convert(buffer));
}
