/** `torch.jit.freeze` and `torch.jit.optimizeForInference`. */
import { ArgumentError, ValueError } from '../errors.js';
import { native } from '../native.js';
import { syncMode } from '../ops/mode.js';
import { checkedOptions } from '../tensor/keywords.js';
import { ScriptModule, scriptHandle } from './script-module.js';

/** Options of {@link freeze}. */
export interface FreezeOptions {
  /** Attributes to keep beside what `forward` needs. Default: none. */
  preservedAttrs?: readonly string[];
  /** Optimizations that change the order of arithmetic, such as folding batch norms. Default: true. */
  optimizeNumerics?: boolean;
}

function expectScript(caller: string, module: unknown): asserts module is ScriptModule {
  if (!(module instanceof ScriptModule))
    throw new ArgumentError(
      `jit.${caller}() expects a ScriptModule; make one by torch.jit.trace(model, exampleInputs)`,
    );
}

/**
 * A copy whose parameters and attributes are constants of its graph, with batch norms folded into the
 * convolutions and linear layers before them.
 *
 * @throws ValueError in training mode: call `eval()` before.
 * Source: torch.jit.freeze.
 */
export function freeze(module: ScriptModule, options?: FreezeOptions): ScriptModule {
  expectScript('freeze', module);
  const given = checkedOptions('jit.freeze', options, ['preservedAttrs', 'optimizeNumerics']);
  if (module.training)
    throw new ValueError(
      'Freezing is currently only implemented for modules in eval mode. Please call eval() on your module before freezing.',
    );
  syncMode();
  return new ScriptModule(
    native.jitFreeze(scriptHandle(module), [...(given.preservedAttrs ?? [])], given.optimizeNumerics ?? true),
  );
}

/**
 * The fastest form of a module for inference on this machine: frozen, and on the CPU with convolutions
 * that take bias, activation and residual addition into one call of oneDNN, with weights packed once and
 * channels-last memory in between. Inputs and results look as before. The traced size is the fastest: its
 * primitives are built in the first call, for the threads of that call; other sizes run, too.
 *
 * Gradients are not recorded, and the result cannot be saved: save the traced module.
 *
 * @throws ArgumentError for anything that is no ScriptModule.
 * Source: torch.jit.optimize_for_inference.
 */
export function optimizeForInference(module: ScriptModule): ScriptModule {
  expectScript('optimizeForInference', module);
  const frozen = freeze(module.training ? module.eval() : module);
  syncMode();
  return new ScriptModule(native.jitOptimize(scriptHandle(frozen)));
}
