export { LRScheduler } from './scheduler.js';
export * from './steps.js';
