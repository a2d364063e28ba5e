/** Helpers around modules. Source: torch.nn.utils. */
export { clipGradNorm_, clipGradValue_, getTotalNorm } from './clip-grad.js';
export { parametersToVector, vectorToParameters } from './vector.js';
