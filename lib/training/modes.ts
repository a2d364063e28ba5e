/** Training and evaluation mode, module by module, and back. */
import type { Module } from '../nn/module.js';

/** Remembers the mode of every module inside; the result puts them back. */
export function rememberModes(model: Module): () => void {
  const modes = Array.from(model.modules(), (module) => [module, module.training] as const);
  return () => {
    for (const [module, training] of modes) module.training = training;
  };
}
