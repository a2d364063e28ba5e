/** Borders. */
import { ShapeError } from '../../errors.js';
import { pad } from '../../ops/generated/nn-functions.js';
import type { Tensor } from '../../tensor/index.js';
import { expectTensor } from '../../tensor/tensor.js';
import { Module } from '../module.js';
import { pythonText } from '../python-text.js';
import { type Arguments, required, Signature } from '../signature.js';
import { expand, type Size } from './common.js';

const spec = { padding: required<Size>() };
/** `(padding)`: one number, or two for each dimension, the last dimension first. */
export type PadArguments = Arguments<[padding: Size], [], typeof spec>;

/** The common part: `padding` has two numbers for each of the dimensions. */
export abstract class PadNd extends Module<[Tensor], Tensor> {
  padding: number[];

  constructor(dimensions: number, padding: Size) {
    super();
    this.padding = expand(padding, 2 * dimensions, 'padding');
  }

  override extraRepr(): string {
    return pythonText(this.padding);
  }
}

const readPadding = (name: string, args: readonly unknown[]): Size =>
  new Signature(name, spec).read(args).padding;

/** What the three forms of a border share. */
function padClass(name: string, dimensions: number, mode: 'reflect' | 'replicate' | 'circular') {
  const made = class extends PadNd {
    constructor(...args: PadArguments) {
      super(dimensions, readPadding(name, args));
    }

    override forward(input: Tensor): Tensor {
      if (mode === 'circular') checkDims(input, dimensions);
      return pad(input, this.padding, mode);
    }
  };
  Object.defineProperty(made, 'name', { value: name });
  return made;
}

function checkDims(input: Tensor, dimensions: number): void {
  const dims = expectTensor('padding', input).dim();
  if (dims !== dimensions + 1 && dims !== dimensions + 2)
    throw new ShapeError(`expected ${dimensions + 1}D or ${dimensions + 2}D input (got ${dims}D input)`);
}

/** Mirrors `[N, C, L]` at its borders. Source: torch.nn.ReflectionPad1d. */
export class ReflectionPad1d extends padClass('ReflectionPad1d', 1, 'reflect') {}
/** Mirrors `[N, C, H, W]` at its borders. Source: torch.nn.ReflectionPad2d. */
export class ReflectionPad2d extends padClass('ReflectionPad2d', 2, 'reflect') {}
/** Mirrors `[N, C, D, H, W]` at its borders. Source: torch.nn.ReflectionPad3d. */
export class ReflectionPad3d extends padClass('ReflectionPad3d', 3, 'reflect') {}
/** Repeats the borders of `[N, C, L]`. Source: torch.nn.ReplicationPad1d. */
export class ReplicationPad1d extends padClass('ReplicationPad1d', 1, 'replicate') {}
/** Repeats the borders of `[N, C, H, W]`. Source: torch.nn.ReplicationPad2d. */
export class ReplicationPad2d extends padClass('ReplicationPad2d', 2, 'replicate') {}
/** Repeats the borders of `[N, C, D, H, W]`. Source: torch.nn.ReplicationPad3d. */
export class ReplicationPad3d extends padClass('ReplicationPad3d', 3, 'replicate') {}
/** Continues `[N, C, L]` at the other side. Source: torch.nn.CircularPad1d. */
export class CircularPad1d extends padClass('CircularPad1d', 1, 'circular') {}
/** Continues `[N, C, H, W]` at the other side. Source: torch.nn.CircularPad2d. */
export class CircularPad2d extends padClass('CircularPad2d', 2, 'circular') {}
/** Continues `[N, C, D, H, W]` at the other side. Source: torch.nn.CircularPad3d. */
export class CircularPad3d extends padClass('CircularPad3d', 3, 'circular') {}

const constantSpec = { padding: required<Size>(), value: required<number>() };
/** `(padding, value)`. */
export type ConstantPadArguments = Arguments<[padding: Size, value: number], [], typeof constantSpec>;

/** The common part of the borders of one value. */
abstract class ConstantPadNd extends PadNd {
  value: number;

  constructor(dimensions: number, padding: Size, value: number) {
    super(dimensions, padding);
    this.value = value;
  }

  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, 'constant', this.value);
  }

  override extraRepr(): string {
    return `padding=${pythonText(this.padding)}, value=${pythonText(this.value)}`;
  }
}

const readConstant = (name: string, args: readonly unknown[]) => new Signature(name, constantSpec).read(args);

/** A border of `value` around `[N, C, L]`. Source: torch.nn.ConstantPad1d. */
export class ConstantPad1d extends ConstantPadNd {
  constructor(...args: ConstantPadArguments) {
    const { padding, value } = readConstant('ConstantPad1d', args);
    super(1, padding, value);
  }
}

/** A border of `value` around `[N, C, H, W]`. Source: torch.nn.ConstantPad2d. */
export class ConstantPad2d extends ConstantPadNd {
  constructor(...args: ConstantPadArguments) {
    const { padding, value } = readConstant('ConstantPad2d', args);
    super(2, padding, value);
  }
}

/** A border of `value` around `[N, C, D, H, W]`. Source: torch.nn.ConstantPad3d. */
export class ConstantPad3d extends ConstantPadNd {
  constructor(...args: ConstantPadArguments) {
    const { padding, value } = readConstant('ConstantPad3d', args);
    super(3, padding, value);
  }
}

/** The common part of the borders of zeros. */
abstract class ZeroPadNd extends ConstantPadNd {
  constructor(dimensions: number, args: readonly unknown[]) {
    super(dimensions, readPadding(`ZeroPad${dimensions}d`, args), 0);
  }

  override extraRepr(): string {
    return pythonText(this.padding);
  }
}

/** A border of zeros around `[N, C, L]`. Source: torch.nn.ZeroPad1d. */
export class ZeroPad1d extends ZeroPadNd {
  constructor(...args: PadArguments) {
    super(1, args);
  }
}

/** A border of zeros around `[N, C, H, W]`. Source: torch.nn.ZeroPad2d. */
export class ZeroPad2d extends ZeroPadNd {
  constructor(...args: PadArguments) {
    super(2, args);
  }
}

/** A border of zeros around `[N, C, D, H, W]`. Source: torch.nn.ZeroPad3d. */
export class ZeroPad3d extends ZeroPadNd {
  constructor(...args: PadArguments) {
    super(3, args);
  }
}
