/** Parameter groups, and their keys in JavaScript's and Python's spelling. */
import { ArgumentError, ValueError } from '../errors.js';
import { native } from '../native.js';
import { isOptions } from '../ops/unwrap.js';
import { Tensor } from '../tensor/tensor.js';

/** A tensor, or a name with its tensor as `model.namedParameters()` gives them. */
export type ParamLike = Tensor | readonly [name: string, param: Tensor];

/** A group as a user writes it: its parameters and what differs from the defaults. */
export type ParamGroupOptions<Options extends object = object> = Partial<Options> & {
  params: Tensor | Iterable<ParamLike>;
};

/** What an optimizer is made of: parameters, or groups of them. */
export type Params<Options extends object = object> =
  | Iterable<ParamLike>
  | Iterable<ParamGroupOptions<Options>>;

/** A group of an optimizer: every option with its value. Schedulers write `lr` here. */
export type ParamGroup<Options extends object = Record<string, unknown>> = Options & {
  params: Tensor[];
  lr: number | Tensor;
  paramNames?: string[];
  initialLr?: number | Tensor;
};

export const toSnake = (key: string): string =>
  key.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const toCamel = (key: string): string =>
  key.replace(/(?<=[^_])_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function describe(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : typeof value;
}

/** The groups that a constructor's first argument describes. */
export function groupsOf(params: unknown): Record<string, unknown>[] {
  if (params instanceof Tensor)
    throw new ArgumentError(
      'params argument given to the optimizer should be an iterable of Tensors or of groups, but got a Tensor; write [param]',
    );
  const iterator = (params as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator];
  if (typeof params === 'string' || typeof iterator !== 'function')
    throw new ArgumentError(
      `params argument given to the optimizer should be an iterable of Tensors or of groups { params, … }, but got ${describe(params)}`,
    );
  const items = [...(params as Iterable<unknown>)];
  if (items.length === 0) throw new ValueError('optimizer got an empty parameter list');
  return isOptions(items[0]) ? (items as Record<string, unknown>[]) : [{ params: items }];
}

/** The tensors (and names) of a group, checked. */
export function tensorsOf(params: unknown, differentiable: boolean): { params: Tensor[]; names: string[] } {
  if (params instanceof Set)
    throw new ArgumentError(
      'optimizer parameters need to be organized in ordered collections, but got a Set; give an array instead',
    );
  const iterator = (params as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator];
  if (!(params instanceof Tensor) && typeof iterator !== 'function')
    throw new ArgumentError(
      `the params of a group must be a Tensor or an iterable of Tensors, got ${describe(params)}`,
    );
  const items = params instanceof Tensor ? [params] : [...(params as Iterable<unknown>)];
  const names: string[] = [];
  const tensors = items.map((item) => {
    const named = Array.isArray(item) && item.length === 2 && typeof item[0] === 'string';
    if (named) names.push(item[0] as string);
    const param: unknown = named ? item[1] : item;
    if (!(param instanceof Tensor))
      throw new ArgumentError(
        `optimizer can only optimize Tensors, but one of the params is ${describe(param)}`,
      );
    if (!differentiable && !param.isLeaf && !native.retainsGrad(param.handle))
      throw new ValueError("can't optimize a non-leaf Tensor; give the leaf it was computed from");
    return param;
  });
  if (names.length > 0 && names.length !== tensors.length)
    throw new ValueError('all optimizer params should be with/without names. Some param names are missing');
  return { params: tensors, names };
}
