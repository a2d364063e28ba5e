/** Random number generators; the same numbers as Python's for the same seed. */
import type { Handle } from '../bindings.js';
import { ArgumentError } from '../errors.js';
import { native } from '../native.js';
import { prepareDevice } from '../ops/cuda-loader.js';
import { isOptions } from '../ops/unwrap.js';
import { HandleOwner } from '../tensor/handle-owner.js';
import { type Device, type DeviceLike, device } from '../tensor/device.js';
import { checkedOptions } from '../tensor/keywords.js';
import { Tensor } from '../tensor/tensor.js';

function handleOf(state: Tensor): Handle {
  if (state instanceof Tensor) return state.handle;
  throw new ArgumentError(
    `a generator's state must be a uint8 Tensor, got ${state === null ? 'null' : typeof state}`,
  );
}

/** A stream of random numbers with its own seed. Source: torch.Generator. */
export class Generator extends HandleOwner {
  constructor(where: DeviceLike | { device?: DeviceLike } = 'cpu') {
    super();
    const spec = isOptions(where)
      ? (checkedOptions('Generator', where as { device?: DeviceLike }, ['device']).device ?? 'cpu')
      : (where as DeviceLike);
    const on = device(spec);
    prepareDevice(on);
    (this as { handle: Handle }).handle = native.makeGenerator(on.toString());
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
    native.generatorSetState(this.handle, handleOf(state));
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
    native.generatorSetState(null, handleOf(state));
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
  native.generatorSetState(null, handleOf(state));
}

/** Runs `callback` and puts the state of the CPU's generator back. Source: torch.random.fork_rng. */
export function forkRng<T>(callback: () => T): T {
  if (typeof callback !== 'function')
    throw new ArgumentError(`forkRng() expects a function, got ${typeof callback}`);
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
