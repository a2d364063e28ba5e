/** Chains of transforms, and how a chain of built-in ones becomes a native plan. */
import { ArgumentError, ValueError } from '../../errors.js';
import { getDefaultDtype } from '../../tensor/dtype.js';
import { rawTypedArray } from '../../tensor/exchange.js';
import type { Tensor } from '../../tensor/tensor.js';
import { bindArguments } from '../../utils/arguments.js';
import { type BatchPlan, batchPlan, type Planned } from '../../utils/data/batch-plan.js';
import { pythonFloat } from '../../utils/python-text.js';
import { Image } from '../image.js';
import { Callable } from './callable.js';
import { drawUnit } from './draw.js';
import { ImageTransform } from './image-transform.js';
import type { ImageSize, Program } from './program.js';
import { ConvertImageDtype, Normalize, PILToTensor, ToTensor } from './to-tensor.js';

/** Anything that is called with a value and gives another. */
// biome-ignore lint/suspicious/noExplicitAny: a chain's steps meet at types that only the run knows
export type TransformLike = (input: any) => any;

function checkSteps(name: string, transforms: unknown): TransformLike[] {
  if (!Array.isArray(transforms))
    throw new ArgumentError(`${name}: transforms must be an array of callables`);
  transforms.forEach((t, i) => {
    if (typeof t !== 'function')
      throw new ArgumentError(
        `${name}: transform ${i} must be callable, got ${t === null ? 'null' : typeof t}`,
      );
  });
  return transforms as TransformLike[];
}

function listing(transforms: readonly TransformLike[]): string {
  return transforms
    .map((t) => `\n    ${t instanceof Callable ? t.toString() : `<function ${t.name || 'anonymous'}>`}`)
    .join('');
}

export interface Compose<In, Out> {
  (input: In): Out;
}

/**
 * Transforms one after the other. A chain of built-in ones that ends in `ToTensor` (and `Normalize`)
 * runs in native code for whole batches when a `DataLoader` takes samples from it, with the same values.
 * Source: torchvision.transforms.Compose.
 */
export class Compose<In = Image, Out = Tensor> extends Callable implements Planned {
  readonly transforms: TransformLike[];

  constructor(transforms: readonly TransformLike[] | { transforms: readonly TransformLike[] }) {
    super();
    const bound = bindArguments<{ transforms: readonly TransformLike[] }>(
      'Compose',
      [transforms],
      ['transforms'],
    );
    this.transforms = checkSteps('Compose', bound.transforms);
  }

  forward(input: In): Out {
    let value: unknown = input;
    for (const transform of this.transforms) value = transform(value);
    return value as Out;
  }

  [batchPlan](): BatchPlan | null {
    return planChain(this.transforms);
  }

  override toString(): string {
    return `Compose(${listing(this.transforms)}\n)`;
  }
}

function flatten(transforms: readonly TransformLike[]): TransformLike[] {
  return transforms.flatMap((t) =>
    Object.getPrototypeOf(t) === Compose.prototype ? flatten((t as Compose).transforms) : [t],
  );
}

/** Subclasses may have changed anything; only the classes of this room are known. */
const builtIn = new WeakSet<object>();
/** @internal Marks classes whose instances may run in native code. */
export function markBuiltIn(...classes: object[]): void {
  for (const known of classes) builtIn.add((known as { prototype: object }).prototype);
}
const isBuiltIn = (t: object): boolean => builtIn.has(Object.getPrototypeOf(t) as object);

/** The plan of a chain; null where a step is not known or images do not end as float32 or uint8. */
function planChain(transforms: readonly TransformLike[]): BatchPlan | null {
  const chain = flatten(transforms);
  const at = chain.findIndex((t) => t instanceof ToTensor || t instanceof PILToTensor);
  if (at < 0 || !chain.every(isBuiltIn)) return null;
  const head = chain.slice(0, at);
  const tail = chain.slice(at + 1);
  if (!head.every((t) => t instanceof ImageTransform)) return null;
  if (!tail.every((t) => t instanceof Normalize || t instanceof ConvertImageDtype)) return null;
  const images = head as unknown as ImageTransform[];
  const toFloat = chain[at] instanceof ToTensor;
  if (toFloat && getDefaultDtype() !== 'float32') return null;
  const convert = chain.slice(at);
  if (resultDtype(convert) === null) return null;
  const cache = new Map<number, Float32Array | null>();
  return {
    random: images.some((t) => t.random),
    plan(size, program) {
      let here: ImageSize = size;
      for (const t of images) here = t.plan(here, program);
      return here;
    },
    tables(channels) {
      let made = cache.get(channels);
      if (made === undefined) {
        made = tableOf(convert, channels);
        cache.set(channels, made);
      }
      return made;
    },
  };
}

/** The dtype at the end of the chain where it is one that batches are assembled in. */
function resultDtype(convert: readonly TransformLike[]): 'uint8' | 'float32' | null {
  let dtype: string = convert[0] instanceof ToTensor ? 'float32' : 'uint8';
  for (const t of convert.slice(1)) if (t instanceof ConvertImageDtype) dtype = t.dtype;
  return dtype === 'uint8' || dtype === 'float32' ? dtype : null;
}

/** Every byte value sent through the very operations of the chain, so that the batch has their bits. */
function tableOf(convert: readonly TransformLike[], channels: number): Float32Array | null {
  if (convert.length === 1 && convert[0] instanceof PILToTensor) return null;
  const bytes = new Uint8Array(256 * channels);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(i / channels);
  const all = new Image(bytes, { width: 256, height: 1, channels });
  let value: unknown = all;
  for (const t of convert) value = t(value);
  const result = value as Tensor;
  if (result.dtype !== 'float32' || result.size(0) !== channels) return null;
  const table = rawTypedArray(result.handle) as Float32Array;
  const formula = formulaOf(convert, channels);
  return formula ? Float32Array.of(...table, ...formula) : table;
}

/** Means, then deviations, of a chain that is `(byte / 255 − mean) / deviation`; null for any other. */
function formulaOf(convert: readonly TransformLike[], channels: number): number[] | null {
  const [first, second] = convert;
  if (!(first instanceof ToTensor) || convert.length > 2) return null;
  const each = (values: readonly number[]): number[] =>
    Array.from({ length: channels }, (_, c) => values[values.length === 1 ? 0 : c]!);
  if (second === undefined) return [...each([0]), ...each([1])];
  return second instanceof Normalize ? [...each(second.mean), ...each(second.std)] : null;
}

export interface Lambda<In, Out> {
  (input: In): Out;
}

/** A function as a transform. Source: torchvision.transforms.Lambda. */
// biome-ignore lint/suspicious/noExplicitAny: the function's own types are the ones that count
export class Lambda<In = any, Out = any> extends Callable {
  readonly lambd: (input: In) => Out;

  constructor(lambd: ((input: In) => Out) | { lambd: (input: In) => Out }) {
    super();
    const given = typeof lambd === 'object' && lambd !== null ? lambd.lambd : lambd;
    if (typeof given !== 'function')
      throw new ArgumentError(
        `Argument lambd should be callable, got ${given === null ? 'null' : typeof given}`,
      );
    this.lambd = given;
  }
  forward(input: In): Out {
    return this.lambd(input);
  }
}

/** All of some image transforms, or none of them, with probability `p`. Source: torchvision.transforms.RandomApply. */
export class RandomApply extends ImageTransform {
  readonly transforms: readonly ImageTransform[];
  readonly p: number;

  constructor(transforms: readonly ImageTransform[], p?: number | { p?: number }) {
    super();
    const bound = bindArguments<{ p: number }>('RandomApply', p === undefined ? [] : [p], ['p']);
    checkSteps('RandomApply', transforms);
    if (!transforms.every((t) => t instanceof ImageTransform))
      throw new ValueError(
        'RandomApply takes transforms of images; put a function of your own into a Lambda with its own draw',
      );
    this.transforms = transforms;
    this.p = bound.p ?? 0.5;
  }
  override get random(): boolean {
    return true;
  }
  private chosen(): readonly ImageTransform[] {
    return Math.fround(this.p) < drawUnit() ? [] : this.transforms;
  }
  plan(size: ImageSize, program: Program): ImageSize {
    let here = size;
    for (const t of this.chosen()) here = t.plan(here, program);
    return here;
  }
  protected forwardTensor(x: Tensor): Tensor {
    let y = x;
    for (const t of this.chosen()) y = t.forward(y);
    return y;
  }
  override toString(): string {
    return `RandomApply(\n    p=${pythonFloat(this.p)}${listing(this.transforms as unknown as TransformLike[])}\n)`;
  }
}

/** @internal What a single transform offers a loader: the plan of a chain of one. */
export function offerPlans(...classes: { prototype: object }[]): void {
  for (const { prototype } of classes)
    Object.defineProperty(prototype, batchPlan, {
      configurable: true,
      value(this: TransformLike): BatchPlan | null {
        return planChain([this]);
      },
    });
}
