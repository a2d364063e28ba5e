/** Colour. */
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { bindArguments } from '../../utils/arguments.js';
import * as onTensor from './functional-tensor.js';
import { ImageTransform } from './image-transform.js';
import { type ImageSize, type Program, step } from './program.js';

/** Gray, in one channel or three equal ones, by PIL's formula. Source: torchvision.transforms.Grayscale. */
export class Grayscale extends ImageTransform {
  readonly numOutputChannels: 1 | 3;

  constructor(numOutputChannels?: 1 | 3 | { numOutputChannels?: 1 | 3 }) {
    super();
    const { numOutputChannels: channels = 1 } = bindArguments<{ numOutputChannels: 1 | 3 }>(
      'Grayscale',
      numOutputChannels === undefined ? [] : [numOutputChannels],
      ['numOutputChannels'],
    );
    if (channels !== 1 && channels !== 3) throw new ValueError('num_output_channels should be either 1 or 3');
    this.numOutputChannels = channels;
  }
  plan(size: ImageSize, program: Program): ImageSize {
    return step.gray(program, size, this.numOutputChannels);
  }
  protected forwardTensor(x: Tensor): Tensor {
    return onTensor.grayscale(x, this.numOutputChannels);
  }
  override toString(): string {
    return `Grayscale(num_output_channels=${this.numOutputChannels})`;
  }
}
