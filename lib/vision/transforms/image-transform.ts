/** Transforms that turn images into images; each plans native steps for a size. */
import { ArgumentError } from '../../errors.js';
import { Tensor } from '../../tensor/tensor.js';
import { Image } from '../image.js';
import { Callable } from './callable.js';
import { type ImageSize, type Program, runProgram } from './program.js';

export interface ImageTransform {
  /** An image for an image, a tensor for a tensor. */
  <T extends Image | Tensor>(image: T): T;
}

/**
 * Base of the transforms of geometry and colour. They take an {@link Image} (what PIL's image is in
 * Python) or a tensor (…, C, H, W).
 */
export abstract class ImageTransform extends Callable {
  /** Whether a plan draws random numbers. */
  get random(): boolean {
    return false;
  }

  /**
   * Adds the steps for an image of this size to the program and gives the size after them. Draws what
   * is random, once, from the default generator, in torchvision's order.
   */
  abstract plan(size: ImageSize, program: Program): ImageSize;

  /** The same for a tensor (…, C, H, W). */
  protected abstract forwardTensor(x: Tensor): Tensor;

  forward(input: Image): Image;
  forward(input: Tensor): Tensor;
  forward(input: Image | Tensor): Image | Tensor;
  forward(input: Image | Tensor): Image | Tensor {
    if (input instanceof Image) {
      const program: Program = [];
      const result = this.plan(input, program);
      return runProgram(input, program, result);
    }
    if (input instanceof Tensor) return this.forwardTensor(input);
    const given: unknown = input;
    const kind =
      given === null
        ? 'null'
        : typeof given === 'object'
          ? (given as object).constructor?.name
          : typeof given;
    throw new ArgumentError(`${this.constructor.name} takes an Image or a Tensor, got ${kind}`);
  }
}
