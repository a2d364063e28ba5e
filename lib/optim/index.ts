export { Adam, type AdamOptions, AdamW } from './adam.js';
export type { ParamGroup, ParamGroupOptions, ParamLike, Params } from './group.js';
export * as lrScheduler from './lr-scheduler/index.js';
export { Optimizer, type OptimizerStateDict, type ParamState } from './optimizer.js';
export { SGD, type SGDOptions } from './sgd.js';
