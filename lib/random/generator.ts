/** Random number generators; the same numbers as Python's for the same seed. */
import type { Handle } from '../bindings.js';
import { native } from '../native.js';
import { HandleOwner } from '../tensor/handle-owner.js';
import { type Device, type DeviceLike, device } from '../tensor/device.js';
import { Tensor } from '../tensor/tensor.js';

/** A stream of random numbers with its own seed. Source: torch.Generator. */
export class Generator extends HandleOwner {
  constructor(where: DeviceLike | { device?: DeviceLike } = 'cpu') {
    super();
    const spec = typeof where === 'object' && !('type' in where) ? (where.device ?? 'cpu') : (where as DeviceLike);
    (this as { handle: Handle }).handle = native.makeGenerator(device(spec).toString());
  }

  get device(): Device {
    return device(native.generatorDevice(this.handle));
  }
  /** Starts the stream over; returns the generator. */
  manualSeed(seed: number | bigint): this {
    native.generatorManualSeed(this.handle, seed);
    return this;
  }
  initialSeed(): number | bigint {
    return native.generatorInitialSeed(this.handle);
  }
  /** A seed from the system; returned. */
  seed(): number | bigint {
    return native.generatorRandomSeed(this.handle);
  }
  getState(): Tensor {
    return new Tensor(native.generatorGetState(this.handle));
  }
  setState(state: Tensor): this {
    native.generatorSetState(this.handle, state.handle);
    return this;
  }
}

class DefaultGenerator extends Generator {
  override manualSeed(seed: number | bigint): this {
    native.generatorManualSeed(null, seed);
    return this;
  }
  override initialSeed(): number | bigint {
    return native.generatorInitialSeed(null);
  }
  override seed(): number | bigint {
    return native.generatorRandomSeed(null);
  }
  override getState(): Tensor {
    return new Tensor(native.generatorGetState(null));
  }
  override setState(state: Tensor): this {
    native.generatorSetState(null, state.handle);
    return this;
  }
}

let fallback: Generator | undefined;

/** The generator of the CPU that operators use where none is given. Source: torch.default_generator. */
export function defaultGenerator(): Generator {
  fallback ??= new DefaultGenerator();
  return fallback;
}

/** Seeds the default generators of all devices; returns that of the CPU. Source: torch.manual_seed. */
export function manualSeed(seed: number | bigint): Generator {
  native.manualSeed(seed);
  return defaultGenerator();
}

/** Seeds from the system; returns the seed. Source: torch.seed. */
export function seed(): number | bigint {
  const value = native.generatorRandomSeed(null);
  native.manualSeed(value);
  return value;
}

/** Source: torch.initial_seed. */
export function initialSeed(): number | bigint {
  return native.generatorInitialSeed(null);
}

/** The state of the CPU's generator as a uint8 tensor. Source: torch.get_rng_state. */
export function getRngState(): Tensor {
  return new Tensor(native.generatorGetState(null));
}

/** Source: torch.set_rng_state. */
export function setRngState(state: Tensor): void {
  native.generatorSetState(null, state.handle);
}

/** Runs `callback` and puts the state of the CPU's generator back. Source: torch.random.fork_rng. */
export function forkRng<T>(callback: () => T): T {
  const state = getRngState();
  const restore = (): void => setRngState(state);
  let result: T;
  try {
    result = callback();
  } catch (error) {
    restore();
    throw error;
  }
  if (result instanceof Promise) return result.finally(restore) as T;
  restore();
  return result;
}
