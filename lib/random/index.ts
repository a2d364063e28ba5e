export * as random from './generator.js';
export {
  defaultGenerator,
  forkRng,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from './generator.js';
