/** Parameters as one vector. */
import { noGrad } from '../../autograd/index.js';
import { ShapeError } from '../../errors.js';
import { cat } from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { expectTensor } from '../../tensor/tensor.js';
import { iterableOf } from '../../tensor/keywords.js';

/** All parameters flattened, one after another. Source: torch.nn.utils.parameters_to_vector. */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  return cat(
    Array.from(iterableOf('parametersToVector()', parameters), (parameter) =>
      expectTensor('parametersToVector()', parameter).reshape([-1]),
    ),
  );
}

/**
 * Gives the parameters the values of slices of a vector, views of it.
 *
 * @throws ShapeError where the vector is too short. Source: torch.nn.utils.vector_to_parameters.
 */
export function vectorToParameters(vec: Tensor, parameters: Iterable<Tensor>): void {
  expectTensor('vectorToParameters()', vec);
  noGrad(() => {
    let at = 0;
    for (const each of iterableOf('vectorToParameters()', parameters)) {
      const parameter = expectTensor('vectorToParameters()', each);
      const count = parameter.numel();
      if (at + count > vec.numel())
        throw new ShapeError(`the vector has ${vec.numel()} elements, fewer than the parameters need`);
      parameter.data = vec.narrow(0, at, count).viewAs(parameter).data;
      at += count;
    }
  });
}
