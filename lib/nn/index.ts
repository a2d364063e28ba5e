/** Neural networks. Source: torch.nn. */
export * as functional from './functional/index.js';
export * as init from './init.js';
export * from './module.js';
export type { ModuleToOptions } from './module-convert.js';
export type { NamedOptions } from './module-members.js';
export type { IncompatibleKeys, StateDict } from './module-state.js';
export * from './modules/index.js';
export { Parameter, type ParameterOptions } from './parameter.js';
export * as utils from './utils/index.js';
