/** Image operations on tensors (…, C, H, W), as torchvision's tensor backend has them. */
import { ArgumentError, DTypeError, TorchError, ValueError } from '../../errors.js';
import type { DType } from '../../bindings.js';
import { isFloatingDType } from '../../tensor/dtype.js';
import { Tensor } from '../../tensor/tensor.js';
import { fromTypedArray } from '../../tensor/create.js';
import { aten } from '../../utils/aten.js';
import type { ImageSize, Interpolation, PaddingMode } from './program.js';

const op = {
  unsqueeze: aten<Tensor>('unsqueeze'),
  squeeze: aten<Tensor>('squeeze', 'dim'),
  slice: aten<Tensor>('slice', 'Tensor'),
  select: aten<Tensor>('select', 'int'),
  flip: aten<Tensor>('flip'),
  round: aten<Tensor>('round'),
  clamp: aten<Tensor>('clamp'),
  clone: aten<Tensor>('clone'),
  expand: aten<Tensor>('expand'),
  mul: aten<Tensor>('mul', 'Scalar'),
  add: aten<Tensor>('add', 'Tensor'),
  div: aten<Tensor>('div', 'Scalar'),
  divMode: aten<Tensor>('div', 'Scalar_mode'),
  sub_: aten<Tensor>('sub_', 'Tensor'),
  div_: aten<Tensor>('div_', 'Tensor'),
  view: aten<Tensor>('view'),
  indexSelect: aten<Tensor>('index_select'),
  padConstant: aten<Tensor>('constant_pad_nd'),
  padReflect: aten<Tensor>('reflection_pad2d'),
  padReplicate: aten<Tensor>('replication_pad2d'),
  bilinear: aten<Tensor>('upsample_bilinear2d'),
  bilinearAa: aten<Tensor>('_upsample_bilinear2d_aa'),
  bicubic: aten<Tensor>('upsample_bicubic2d'),
  bicubicAa: aten<Tensor>('_upsample_bicubic2d_aa'),
  nearest: aten<Tensor>('upsample_nearest2d'),
  nearestExact: aten<Tensor>('_upsample_nearest_exact2d'),
};

/** @throws ArgumentError for a tensor with fewer than two dimensions. */
export function sizeOfTensor(x: Tensor): ImageSize {
  const { shape } = x;
  if (shape.length < 2)
    throw new ArgumentError('Tensor is not a torch image: it needs at least two dimensions (H, W).');
  return { width: shape.at(-1)!, height: shape.at(-2)!, channels: shape.length === 2 ? 1 : shape.at(-3)! };
}

export const flipAcross = (x: Tensor): Tensor => op.flip([x, [-1]]);
export const flipDown = (x: Tensor): Tensor => op.flip([x, [-2]]);

function window(x: Tensor, top: number, bottom: number, left: number, right: number): Tensor {
  return op.slice([op.slice([x, -2, top, bottom, 1]), -1, left, right, 1]);
}

/** What lies outside of the image is zero. */
export function crop(x: Tensor, left: number, top: number, width: number, height: number): Tensor {
  const { width: w, height: h } = sizeOfTensor(x);
  const [right, bottom] = [left + width, top + height];
  if (left >= 0 && top >= 0 && right <= w && bottom <= h) return window(x, top, bottom, left, right);
  const padding = [
    Math.max(-left + Math.min(0, right), 0),
    Math.max(-top + Math.min(0, bottom), 0),
    Math.max(right - Math.max(w, left), 0),
    Math.max(bottom - Math.max(h, top), 0),
  ] as const;
  return pad(window(x, Math.max(top, 0), bottom, Math.max(left, 0), right), padding, 'constant', 0);
}

function padSymmetric(
  x: Tensor,
  [left, top, right, bottom]: readonly [number, number, number, number],
): Tensor {
  const { width, height } = sizeOfTensor(x);
  const mirrored = (length: number, before: number, after: number): Tensor => {
    const at = Array.from({ length: length + before + after }, (_, i) => i - before);
    const from = at.map((i) => (i < 0 ? -1 - i : i < length ? i : 2 * length - 1 - i));
    return fromTypedArray(BigInt64Array.from(from, BigInt));
  };
  const rows = op.indexSelect([x, -2, mirrored(height, top, bottom).to(x.device)]);
  return op.indexSelect([rows, -1, mirrored(width, left, right).to(x.device)]);
}

export function pad(
  x: Tensor,
  padding: readonly [number, number, number, number],
  mode: PaddingMode,
  fill: number,
): Tensor {
  const [left, top, right, bottom] = padding;
  if (mode === 'symmetric') {
    const { width, height } = sizeOfTensor(x);
    const cut = padding.map((n) => Math.max(-n, 0)) as [number, number, number, number];
    const rest = window(x, cut[1], height - cut[3], cut[0], width - cut[2]);
    return padSymmetric(rest, padding.map((n) => Math.max(n, 0)) as [number, number, number, number]);
  }
  const sides = [left, right, top, bottom];
  if (mode === 'constant') return op.padConstant([x, sides, fill]);
  const flat = x.dim() < 4;
  const { dtype } = x;
  const cast = dtype !== 'float32' && dtype !== 'float64';
  let y = flat ? op.unsqueeze([x, 0]) : x;
  if (cast) y = y.to('float32');
  y = (mode === 'reflect' ? op.padReflect : op.padReplicate)([y, sides]);
  if (flat) y = op.squeeze([y, 0]);
  return cast ? y.to(dtype) : y;
}

/** @param antialias Smooth while shrinking; only for bilinear and bicubic. */
export function resize(
  x: Tensor,
  width: number,
  height: number,
  how: Interpolation,
  antialias: boolean,
): Tensor {
  const { dtype } = x;
  const cast = dtype !== 'float32' && dtype !== 'float64';
  const flat = x.dim() < 4;
  let y = flat ? op.unsqueeze([x, 0]) : x;
  if (cast) y = y.to('float32');
  const size = [height, width];
  switch (how) {
    case 'bilinear':
      y = (antialias ? op.bilinearAa : op.bilinear)([y, size, false, null, null]);
      break;
    case 'bicubic':
      y = (antialias ? op.bicubicAa : op.bicubic)([y, size, false, null, null]);
      if (dtype === 'uint8') y = op.clamp([y, 0, 255]);
      break;
    case 'nearest':
      y = op.nearest([y, size, null, null]);
      break;
    case 'nearest-exact':
      y = op.nearestExact([y, size, null, null]);
      break;
    default:
      throw new ValueError(
        `This interpolation mode is unsupported with Tensor input: ${how}; use nearest, nearest-exact, bilinear or bicubic`,
      );
  }
  if (flat) y = op.squeeze([y, 0]);
  if (!cast) return y;
  return (/^u?int/.test(dtype) ? op.round([y]) : y).to(dtype);
}

export function grayscale(x: Tensor, channels: 1 | 3): Tensor {
  if (x.dim() < 3)
    throw new ArgumentError(`Input image tensor should have at least 3 dimensions, but found ${x.dim()}`);
  const given = x.size(-3);
  if (given !== 1 && given !== 3)
    throw new ArgumentError(`Input image tensor permitted channel values are 1 or 3, but found ${given}`);
  let gray: Tensor;
  if (given === 3) {
    const [r, g, b] = [0, 1, 2].map((c) => op.select([x, -3, c])) as [Tensor, Tensor, Tensor];
    const sum = op.add([op.add([op.mul([r, 0.2989]), op.mul([g, 0.587])]), op.mul([b, 0.114])]);
    gray = op.unsqueeze([sum.to(x.dtype), -3]);
  } else gray = op.clone([x]);
  if (channels === 1) return gray;
  const shape = x.shape;
  shape[shape.length - 3] = 3;
  return op.expand([gray, shape]);
}

/** `(x − mean) / std`, channel by channel. */
export function normalize(
  x: Tensor,
  mean: readonly number[],
  std: readonly number[],
  inplace: boolean,
): Tensor {
  if (!(x instanceof Tensor))
    throw new ArgumentError(
      `img should be Tensor Image. Got ${(x as object)?.constructor?.name ?? typeof x}`,
    );
  const { dtype } = x;
  if (!isFloatingDType(dtype))
    throw new ArgumentError(`Input tensor should be a float tensor. Got ${dtype}.`);
  if (x.dim() < 3)
    throw new ValueError(
      `Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = [${x.shape.join(', ')}]`,
    );
  const column = (values: readonly number[]): Tensor => {
    const made = fromTypedArray(Float64Array.from(values)).to({ dtype, device: x.device });
    return op.view([made, [values.length, 1, 1]]);
  };
  const divisor = column(std);
  if ((divisor.tolist() as number[][][]).some((row) => row[0]![0] === 0))
    throw new ValueError(`std evaluated to zero after conversion to ${dtype}, leading to division by zero.`);
  const y = inplace ? x : op.clone([x]);
  return op.div_([op.sub_([y, column(mean)]), divisor]);
}

const largest: Partial<Record<DType, number>> = {
  uint8: 255,
  int8: 127,
  int16: 32767,
  uint16: 65535,
  int32: 2147483647,
  int64: 2 ** 63,
};

/** Another dtype with its own range: 0…1 for floats, 0…255 for uint8, … */
export function convertImageDtype(x: Tensor, dtype: DType): Tensor {
  if (!(x instanceof Tensor)) throw new ArgumentError('Input img should be Tensor Image');
  const from = x.dtype;
  if (from === dtype) return x;
  if (isFloatingDType(from)) {
    if (isFloatingDType(dtype)) return x.to(dtype);
    if (
      (from === 'float32' && (dtype === 'int32' || dtype === 'int64')) ||
      (from === 'float64' && dtype === 'int64')
    )
      throw new DTypeError(`The cast from ${from} to ${dtype} cannot be performed safely.`);
    return op.mul([x, (largest[dtype] ?? 1) + 1 - 1e-3]).to(dtype);
  }
  const max = largest[from] ?? 1;
  if (isFloatingDType(dtype)) return op.div([x.to(dtype), max]);
  const target = largest[dtype] ?? 1;
  // 2^63 stands for 2^63 − 1, which no double holds; `+ 1` is lost on it as it is in Python.
  if (max > target)
    return op.divMode([x, Math.floor((max + 1) / (target + 1))], { rounding_mode: 'floor' }).to(dtype);
  const factor = Math.floor((target + 1) / (max + 1));
  if (!Number.isFinite(factor)) throw new TorchError(`no image conversion from ${from} to ${dtype}`);
  return op.mul([x.to(dtype), factor]);
}
