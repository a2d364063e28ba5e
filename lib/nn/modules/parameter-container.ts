/** Modules that hold parameters: `ParameterList`, `ParameterDict`. */
import { ArgumentError, NotImplementedError, TorchIndexError } from '../../errors.js';
import { type DType, Tensor } from '../../tensor/index.js';
import { iterableOf } from '../../tensor/keywords.js';
import { Module } from '../module.js';
import { Parameter } from '../parameter.js';

/** Tensors become parameters when they are put in. */
function asParameter(value: Tensor): Parameter {
  if (!(value instanceof Tensor))
    throw new ArgumentError(`expected a Parameter or Tensor, got ${typeof value}`);
  return value instanceof Parameter ? value : new Parameter(value);
}

/** The names of dtypes from before they had names. */
const legacyNames: Partial<Record<DType, string>> = {
  float32: 'FloatTensor',
  float64: 'DoubleTensor',
  float16: 'HalfTensor',
  bfloat16: 'BFloat16Tensor',
  int64: 'LongTensor',
  int32: 'IntTensor',
  int16: 'ShortTensor',
  int8: 'CharTensor',
  uint8: 'ByteTensor',
  bool: 'BoolTensor',
  complex64: 'ComplexFloatTensor',
  complex128: 'ComplexDoubleTensor',
};

/** A line of the printed form. */
function describe(name: string, value: Parameter, type: string): string {
  const size = value.shape.join('x');
  const place = value.isCuda ? ` (${value.device})` : '';
  return `  (${name}): Parameter containing: [${type} of size ${size}${place}]`;
}

/** What both share: an ordered map of parameters. */
abstract class ParameterContainer extends Module {
  /** @internal */
  readonly _parameters = new Map<string, Parameter>();

  override _keys(): string[] {
    return [...Object.keys(this), ...this._parameters.keys()];
  }

  override _member(name: string): unknown {
    return this._parameters.get(name) ?? super._member(name);
  }

  override _setMember(name: string, value: Tensor | Module | null): void {
    if (Object.hasOwn(this, name)) super._setMember(name, value);
    else this._parameters.set(name, asParameter(value as Tensor));
  }

  /** How many parameters there are. */
  override get length(): number {
    return this._parameters.size;
  }

  override forward(): never {
    throw new NotImplementedError(`${this._getName()} should not be called.`);
  }
}

/** A list of parameters that are registered under their numbers. Source: torch.nn.ParameterList. */
export class ParameterList extends ParameterContainer {
  constructor(values: Iterable<Tensor> | null = null) {
    super();
    if (values) this.extend(values);
  }

  #place(index: number): string {
    const { length } = this;
    if (!Number.isInteger(index) || index < -length || index >= length)
      throw new TorchIndexError(`index ${index} is out of range (there are ${length} parameters)`);
    return String(index < 0 ? index + length : index);
  }

  /** The parameter at a place; negative from the end. @throws TorchIndexError out of range. */
  at(index: number): Parameter {
    return this._parameters.get(this.#place(index))!;
  }

  /** Replaces the parameter at a place. */
  set(index: number, value: Tensor): void {
    this._setMember(this.#place(index), value);
  }

  /** Adds a parameter at the end; a tensor becomes one. */
  append(value: Tensor): this {
    this._setMember(String(this.length), value);
    return this;
  }

  /** Adds parameters at the end. */
  extend(values: Iterable<Tensor>): this {
    if (values instanceof Tensor)
      throw new ArgumentError('ParameterList.extend should be called with a list of tensors');
    for (const value of [...iterableOf('ParameterList', values)]) this.append(value);
    return this;
  }

  [Symbol.iterator](): IterableIterator<Parameter> {
    return this._parameters.values();
  }

  override extraRepr(): string {
    return Array.from(this._parameters, ([name, value]) =>
      describe(name, value, `torch.${value.dtype}`),
    ).join('\n');
  }
}

/** Parameters by name, as an object, a Map or pairs. */
export type NamedTensors = Record<string, Tensor> | Iterable<[string, Tensor]>;

/** Parameters by name, registered, in order of insertion. Source: torch.nn.ParameterDict. */
export class ParameterDict extends ParameterContainer {
  constructor(parameters: NamedTensors | null = null) {
    super();
    if (parameters) this.update(parameters);
  }

  /** The parameter of a name. @throws TorchIndexError where there is none. */
  get(name: string): Parameter {
    const found = this._parameters.get(name);
    if (!found) throw new TorchIndexError(`ParameterDict has no parameter '${name}'`);
    return found;
  }

  set(name: string, value: Tensor): this {
    if (typeof name !== 'string' || name === '' || name.includes('.'))
      throw new ArgumentError(`ParameterDict: a name can't be empty or contain ".", got '${String(name)}'`);
    this._setMember(name, value);
    return this;
  }

  has(name: string): boolean {
    return this._parameters.has(name);
  }

  delete(name: string): boolean {
    return this._parameters.delete(name);
  }

  clear(): void {
    this._parameters.clear();
  }

  /** Takes the parameter of a name out and gives it. */
  pop(name: string): Parameter {
    const value = this.get(name);
    this._parameters.delete(name);
    return value;
  }

  /** Adds or replaces parameters. */
  update(parameters: NamedTensors | ParameterDict): void {
    if ((typeof parameters !== 'object' && typeof parameters !== 'function') || parameters === null)
      throw new ArgumentError(
        `ParameterDict expects tensors by name, got ${parameters === null ? 'null' : typeof parameters}`,
      );
    let list: Iterable<[string, Tensor]>;
    if (parameters instanceof ParameterDict) list = parameters.entries();
    else if (Symbol.iterator in parameters) list = parameters as Iterable<[string, Tensor]>;
    // A plain dict is taken in the order of its names, as in PyTorch.
    else list = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    for (const [name, value] of list) this.set(name, value);
  }

  keys(): IterableIterator<string> {
    return this._parameters.keys();
  }
  values(): IterableIterator<Parameter> {
    return this._parameters.values();
  }
  entries(): IterableIterator<[string, Parameter]> {
    return this._parameters.entries();
  }
  /** The same as `entries()`; Python's name. */
  items(): IterableIterator<[string, Parameter]> {
    return this._parameters.entries();
  }
  [Symbol.iterator](): IterableIterator<string> {
    return this._parameters.keys();
  }

  override extraRepr(): string {
    const type = (value: Parameter): string =>
      `torch${value.isCuda ? '.cuda' : ''}.${legacyNames[value.dtype] ?? value.dtype}`;
    return Array.from(this._parameters, ([name, value]) => describe(name, value, type(value))).join('\n');
  }
}
