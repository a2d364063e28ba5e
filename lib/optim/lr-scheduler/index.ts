/** `torch.optim.lr_scheduler`. */
export * from './curves.js';
export { OneCycleLR, type OneCycleLROptions } from './one-cycle.js';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './plateau.js';
export { LRScheduler } from './scheduler.js';
export { SequentialLR } from './sequential.js';
export * from './steps.js';
