/**
 * TorchScript: models as graphs, from a trace or a file, and the fastest form of inference.
 *
 * Source: torch.jit.
 */
export { load, type LoadOptions, save } from './files.js';
export { freeze, type FreezeOptions, optimizeForInference } from './freeze.js';
export { ScriptModule } from './script-module.js';
export { isTracing, trace, type TraceOptions } from './trace.js';
