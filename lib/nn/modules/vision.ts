/** Layers over images without parameters: resampling, windows, pixels. */
import { channelShuffle, pixelShuffle, pixelUnshuffle } from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { fold, type InterpolationMode, interpolate, unfold } from '../functional/vision.js';
import { Module } from '../module.js';
import { pythonFloat, pythonRepr, pythonText } from '../python-text.js';
import { type Arguments, required, Signature } from '../signature.js';
import type { Size } from './common.js';

const upsampleSpec = {
  size: null as Size | null,
  scaleFactor: null as Size | null,
  mode: 'nearest' as InterpolationMode,
  alignCorners: null as boolean | null,
  recomputeScaleFactor: null as boolean | null,
};
const upsampleSignature = new Signature('Upsample', upsampleSpec);

/** Resamples `[N, C, …]` to `size` or by `scaleFactor`; `mode` `'nearest'`. Source: torch.nn.Upsample. */
export class Upsample extends Module<[Tensor], Tensor> {
  size: Size | null;
  scaleFactor: Size | null;
  mode: InterpolationMode;
  alignCorners: boolean | null;
  recomputeScaleFactor: boolean | null;

  constructor(
    ...args: Arguments<
      [],
      [
        size: Size | null,
        scaleFactor: Size | null,
        mode: InterpolationMode,
        alignCorners: boolean | null,
        recomputeScaleFactor: boolean | null,
      ],
      typeof upsampleSpec
    >
  ) {
    super();
    const given = upsampleSignature.read(args);
    this.size = given.size;
    this.scaleFactor = given.scaleFactor;
    this.mode = given.mode;
    this.alignCorners = given.alignCorners;
    this.recomputeScaleFactor = given.recomputeScaleFactor;
  }

  override forward(input: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return interpolate(input, size, scaleFactor, mode, alignCorners, recomputeScaleFactor);
  }

  override extraRepr(): string {
    const { size, scaleFactor, mode } = this;
    const factors =
      typeof scaleFactor === 'number'
        ? pythonFloat(scaleFactor)
        : scaleFactor && `(${scaleFactor.map(pythonFloat).join(', ')}${scaleFactor.length === 1 ? ',' : ''})`;
    return `${factors === null ? `size=${pythonRepr(size)}` : `scale_factor=${factors}`}, mode=${pythonRepr(mode)}`;
  }
}

const sizeSpec = { size: null as Size | null, scaleFactor: null as Size | null };
type SizeArguments = Arguments<[], [size: Size | null, scaleFactor: Size | null], typeof sizeSpec>;

/** Nearest neighbours of `[N, C, H, W]`. Source: torch.nn.UpsamplingNearest2d. */
export class UpsamplingNearest2d extends Upsample {
  constructor(...args: SizeArguments) {
    super({ ...new Signature('UpsamplingNearest2d', sizeSpec).read(args), mode: 'nearest' });
  }
}

/** Bilinear, corners aligned, of `[N, C, H, W]`. Source: torch.nn.UpsamplingBilinear2d. */
export class UpsamplingBilinear2d extends Upsample {
  constructor(...args: SizeArguments) {
    const given = new Signature('UpsamplingBilinear2d', sizeSpec).read(args);
    super({ ...given, mode: 'bilinear', alignCorners: true });
  }
}

const upscaleSpec = { upscaleFactor: required<number>() };

/** `[N, C·r², H, W]` to `[N, C, H·r, W·r]`. Source: torch.nn.PixelShuffle. */
export class PixelShuffle extends Module<[Tensor], Tensor> {
  upscaleFactor: number;

  constructor(...args: Arguments<[upscaleFactor: number], [], typeof upscaleSpec>) {
    super();
    this.upscaleFactor = new Signature('PixelShuffle', upscaleSpec).read(args).upscaleFactor;
  }

  override forward(input: Tensor): Tensor {
    return pixelShuffle(input, this.upscaleFactor);
  }

  override extraRepr(): string {
    return `upscale_factor=${this.upscaleFactor}`;
  }
}

const downscaleSpec = { downscaleFactor: required<number>() };

/** `[N, C, H·r, W·r]` to `[N, C·r², H, W]`. Source: torch.nn.PixelUnshuffle. */
export class PixelUnshuffle extends Module<[Tensor], Tensor> {
  downscaleFactor: number;

  constructor(...args: Arguments<[downscaleFactor: number], [], typeof downscaleSpec>) {
    super();
    this.downscaleFactor = new Signature('PixelUnshuffle', downscaleSpec).read(args).downscaleFactor;
  }

  override forward(input: Tensor): Tensor {
    return pixelUnshuffle(input, this.downscaleFactor);
  }

  override extraRepr(): string {
    return `downscale_factor=${this.downscaleFactor}`;
  }
}

const groupsSpec = { groups: required<number>() };

/** Mixes the channels of `groups`. Source: torch.nn.ChannelShuffle. */
export class ChannelShuffle extends Module<[Tensor], Tensor> {
  groups: number;

  constructor(...args: Arguments<[groups: number], [], typeof groupsSpec>) {
    super();
    this.groups = new Signature('ChannelShuffle', groupsSpec).read(args).groups;
  }

  override forward(input: Tensor): Tensor {
    return channelShuffle(input, this.groups);
  }

  override extraRepr(): string {
    return `groups=${this.groups}`;
  }
}

const windowSpec = {
  kernelSize: required<Size>(),
  dilation: 1 as Size,
  padding: 0 as Size,
  stride: 1 as Size,
};
type WindowTail = [dilation: Size, padding: Size, stride: Size];

/** The windows of `[N, C, H, W]` as columns. Source: torch.nn.Unfold. */
export class Unfold extends Module<[Tensor], Tensor> {
  kernelSize: Size;
  dilation: Size;
  padding: Size;
  stride: Size;

  constructor(...args: Arguments<[kernelSize: Size], WindowTail, typeof windowSpec>) {
    super();
    const given = new Signature('Unfold', windowSpec).read(args);
    this.kernelSize = given.kernelSize;
    this.dilation = given.dilation;
    this.padding = given.padding;
    this.stride = given.stride;
  }

  override forward(input: Tensor): Tensor {
    return unfold(input, this.kernelSize, this.dilation, this.padding, this.stride);
  }

  override extraRepr(): string {
    return `kernel_size=${pythonText(this.kernelSize)}, dilation=${pythonText(this.dilation)}, padding=${pythonText(this.padding)}, stride=${pythonText(this.stride)}`;
  }
}

const foldSpec = { outputSize: required<Size>(), ...windowSpec };

/** Sums columns of windows into `[N, C, ...outputSize]`. Source: torch.nn.Fold. */
export class Fold extends Module<[Tensor], Tensor> {
  outputSize: Size;
  kernelSize: Size;
  dilation: Size;
  padding: Size;
  stride: Size;

  constructor(...args: Arguments<[outputSize: Size, kernelSize: Size], WindowTail, typeof foldSpec>) {
    super();
    const given = new Signature('Fold', foldSpec).read(args);
    this.outputSize = given.outputSize;
    this.kernelSize = given.kernelSize;
    this.dilation = given.dilation;
    this.padding = given.padding;
    this.stride = given.stride;
  }

  override forward(input: Tensor): Tensor {
    return fold(input, this.outputSize, this.kernelSize, this.dilation, this.padding, this.stride);
  }

  override extraRepr(): string {
    return `output_size=${pythonText(this.outputSize)}, kernel_size=${pythonText(this.kernelSize)}, dilation=${pythonText(this.dilation)}, padding=${pythonText(this.padding)}, stride=${pythonText(this.stride)}`;
  }
}
