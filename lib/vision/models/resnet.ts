/** ResNet, ResNeXt and Wide ResNet. Source: torchvision.models.resnet. */
import { ArgumentError, NotImplementedError, ValueError } from '../../errors.js';
import * as nn from '../../nn/index.js';
import { flatten } from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';

/** A layer that normalises `planes` channels. */
export type NormLayer = new (planes: number) => nn.Module<[Tensor], Tensor>;

/** A convolution of 3×3 with a padding that keeps the size. */
function conv3x3(inPlanes: number, outPlanes: number, stride = 1, groups = 1, dilation = 1): nn.Conv2d {
  return new nn.Conv2d(inPlanes, outPlanes, {
    kernelSize: 3,
    stride,
    padding: dilation,
    groups,
    bias: false,
    dilation,
  });
}

/** A convolution of 1×1. */
function conv1x1(inPlanes: number, outPlanes: number, stride = 1): nn.Conv2d {
  return new nn.Conv2d(inPlanes, outPlanes, { kernelSize: 1, stride, bias: false });
}

/** What a residual block is made of. */
export interface BlockOptions {
  /** Default: 1. */
  stride?: number;
  /** What fits the input to the output's shape, or null. */
  downsample?: nn.Module<[Tensor], Tensor> | null;
  /** Default: 1. */
  groups?: number;
  /** Default: 64. */
  baseWidth?: number;
  /** Default: 1. */
  dilation?: number;
  /** Default: BatchNorm2d. */
  normLayer?: NormLayer;
}

/** Two convolutions of 3×3 and the input added to their result: `[N, inplanes, H, W]` to `[N, planes, …]`. */
export class BasicBlock extends nn.Module<[Tensor], Tensor> {
  static readonly expansion: number = 1;
  conv1: nn.Conv2d;
  bn1: nn.Module<[Tensor], Tensor>;
  relu: nn.ReLU;
  conv2: nn.Conv2d;
  bn2: nn.Module<[Tensor], Tensor>;
  downsample: nn.Module<[Tensor], Tensor> | null;
  stride: number;

  constructor(inplanes: number, planes: number, options: BlockOptions = {}) {
    super();
    const { stride = 1, downsample = null, groups = 1, baseWidth = 64, dilation = 1 } = options;
    const { normLayer = nn.BatchNorm2d as NormLayer } = options;
    if (groups !== 1 || baseWidth !== 64)
      throw new ValueError(
        `BasicBlock only supports groups=1 and baseWidth=64, got ${groups} and ${baseWidth}`,
      );
    if (dilation > 1) throw new NotImplementedError('Dilation > 1 not supported in BasicBlock');
    this.conv1 = conv3x3(inplanes, planes, stride);
    this.bn1 = new normLayer(planes);
    this.relu = new nn.ReLU({ inplace: true });
    this.conv2 = conv3x3(planes, planes);
    this.bn2 = new normLayer(planes);
    this.downsample = downsample;
    this.stride = stride;
  }

  override forward(x: Tensor): Tensor {
    let out = this.conv1(x);
    out = this.bn1(out);
    out = this.relu(out);
    out = this.conv2(out);
    out = this.bn2(out);
    const identity = this.downsample === null ? x : this.downsample(x);
    out = out.add_(identity);
    return this.relu(out);
  }
}

/** Convolutions of 1×1, 3×3 and 1×1, and the input added to their result. */
export class Bottleneck extends nn.Module<[Tensor], Tensor> {
  static readonly expansion: number = 4;
  conv1: nn.Conv2d;
  bn1: nn.Module<[Tensor], Tensor>;
  conv2: nn.Conv2d;
  bn2: nn.Module<[Tensor], Tensor>;
  conv3: nn.Conv2d;
  bn3: nn.Module<[Tensor], Tensor>;
  relu: nn.ReLU;
  downsample: nn.Module<[Tensor], Tensor> | null;
  stride: number;

  constructor(inplanes: number, planes: number, options: BlockOptions = {}) {
    super();
    const { stride = 1, downsample = null, groups = 1, baseWidth = 64, dilation = 1 } = options;
    const { normLayer = nn.BatchNorm2d as NormLayer } = options;
    const width = Math.trunc(planes * (baseWidth / 64)) * groups;
    this.conv1 = conv1x1(inplanes, width);
    this.bn1 = new normLayer(width);
    this.conv2 = conv3x3(width, width, stride, groups, dilation);
    this.bn2 = new normLayer(width);
    this.conv3 = conv1x1(width, planes * Bottleneck.expansion);
    this.bn3 = new normLayer(planes * Bottleneck.expansion);
    this.relu = new nn.ReLU({ inplace: true });
    this.downsample = downsample;
    this.stride = stride;
  }

  override forward(x: Tensor): Tensor {
    let out = this.conv1(x);
    out = this.bn1(out);
    out = this.relu(out);
    out = this.conv2(out);
    out = this.bn2(out);
    out = this.relu(out);
    out = this.conv3(out);
    out = this.bn3(out);
    const identity = this.downsample === null ? x : this.downsample(x);
    out = out.add_(identity);
    return this.relu(out);
  }
}

/** Options of {@link ResNet}. */
export interface ResNetOptions {
  /** Default: 1000. */
  numClasses?: number;
  /** Every block starts as the identity. Default: false. */
  zeroInitResidual?: boolean;
  /** Groups of the 3×3 convolutions. Default: 1. */
  groups?: number;
  /** Channels of a group. Default: 64. */
  widthPerGroup?: number;
  /** Which of the last three stages dilate instead of striding. Default: none. */
  replaceStrideWithDilation?: readonly [boolean, boolean, boolean] | null;
  /** Default: BatchNorm2d. */
  normLayer?: NormLayer | null;
}

const optionKeys = new Set([
  'numClasses',
  'zeroInitResidual',
  'groups',
  'widthPerGroup',
  'replaceStrideWithDilation',
  'normLayer',
]);

/** The classes of blocks. */
export type Block = typeof BasicBlock | typeof Bottleneck;

/**
 * A residual network: images `[N, 3, H, W]` to logits `[N, numClasses]`.
 *
 * Initial weights are those of torchvision for the same seed. Source: torchvision.models.ResNet.
 */
export class ResNet extends nn.Module<[Tensor], Tensor> {
  inplanes: number;
  dilation: number;
  groups: number;
  baseWidth: number;
  conv1: nn.Conv2d;
  bn1: nn.Module<[Tensor], Tensor>;
  relu: nn.ReLU;
  maxpool: nn.MaxPool2d;
  layer1: nn.Sequential<[Tensor], Tensor>;
  layer2: nn.Sequential<[Tensor], Tensor>;
  layer3: nn.Sequential<[Tensor], Tensor>;
  layer4: nn.Sequential<[Tensor], Tensor>;
  avgpool: nn.AdaptiveAvgPool2d;
  fc: nn.Linear;

  /** @param layers The number of blocks of each of the four stages. */
  constructor(block: Block, layers: readonly [number, number, number, number], options: ResNetOptions = {}) {
    super();
    for (const key of Object.keys(options))
      if (!optionKeys.has(key))
        throw new ArgumentError(
          `ResNet() got an unexpected keyword argument '${key}'; known: ${[...optionKeys].join(', ')}`,
        );
    const { numClasses = 1000, zeroInitResidual = false, groups = 1, widthPerGroup = 64 } = options;
    const normLayer = options.normLayer ?? (nn.BatchNorm2d as NormLayer);
    const dilate = options.replaceStrideWithDilation ?? [false, false, false];
    if (dilate.length !== 3)
      throw new ValueError(
        `replaceStrideWithDilation should be null or an array of 3 elements, got ${dilate.length}`,
      );
    this.inplanes = 64;
    this.dilation = 1;
    this.groups = groups;
    this.baseWidth = widthPerGroup;
    this.conv1 = new nn.Conv2d(3, this.inplanes, { kernelSize: 7, stride: 2, padding: 3, bias: false });
    this.bn1 = new normLayer(this.inplanes);
    this.relu = new nn.ReLU({ inplace: true });
    this.maxpool = new nn.MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 });
    this.layer1 = this.#makeLayer(block, normLayer, 64, layers[0], 1, false);
    this.layer2 = this.#makeLayer(block, normLayer, 128, layers[1], 2, dilate[0]);
    this.layer3 = this.#makeLayer(block, normLayer, 256, layers[2], 2, dilate[1]);
    this.layer4 = this.#makeLayer(block, normLayer, 512, layers[3], 2, dilate[2]);
    this.avgpool = new nn.AdaptiveAvgPool2d([1, 1]);
    this.fc = new nn.Linear(512 * block.expansion, numClasses);
    this.#initialise(zeroInitResidual);
  }

  #makeLayer(
    block: Block,
    normLayer: NormLayer,
    planes: number,
    blocks: number,
    givenStride: number,
    dilate: boolean,
  ): nn.Sequential<[Tensor], Tensor> {
    const outPlanes = planes * block.expansion;
    const previousDilation = this.dilation;
    let stride = givenStride;
    if (dilate) {
      this.dilation *= stride;
      stride = 1;
    }
    let downsample: nn.Sequential<[Tensor], Tensor> | null = null;
    if (stride !== 1 || this.inplanes !== outPlanes)
      downsample = new nn.Sequential(conv1x1(this.inplanes, outPlanes, stride), new normLayer(outPlanes));
    const { groups, baseWidth } = this;
    const common = { groups, baseWidth, normLayer };
    const stage: nn.Module[] = [
      new block(this.inplanes, planes, { ...common, stride, downsample, dilation: previousDilation }),
    ];
    this.inplanes = outPlanes;
    for (let i = 1; i < blocks; i++)
      stage.push(new block(this.inplanes, planes, { ...common, dilation: this.dilation }));
    return new nn.Sequential(...stage);
  }

  #initialise(zeroInitResidual: boolean): void {
    for (const module of this.modules()) {
      if (module instanceof nn.Conv2d)
        nn.init.kaimingNormal_(module.weight, { mode: 'fan_out', nonlinearity: 'relu' });
      else if (module instanceof nn.BatchNorm2d || module instanceof nn.GroupNorm) {
        if (module.weight) nn.init.constant_(module.weight, 1);
        if (module.bias) nn.init.constant_(module.bias, 0);
      }
    }
    if (!zeroInitResidual) return;
    // A last normalisation of 0 makes each block the identity, which trains better.
    for (const module of this.modules()) {
      const last =
        module instanceof Bottleneck ? module.bn3 : module instanceof BasicBlock ? module.bn2 : null;
      const weight = (last as { weight?: nn.Parameter | null } | null)?.weight;
      if (weight) nn.init.constant_(weight, 0);
    }
  }

  override forward(x: Tensor): Tensor {
    let out = this.conv1(x);
    out = this.bn1(out);
    out = this.relu(out);
    out = this.maxpool(out) as Tensor;
    out = this.layer1(out);
    out = this.layer2(out);
    out = this.layer3(out);
    out = this.layer4(out);
    out = this.avgpool(out);
    out = flatten(out, 1);
    return this.fc(out);
  }
}
