/** What a transform may offer so that the loader does its work on native threads, a batch at a time. */

/** Width, height and channels of an image. */
export interface PlannedSize {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** A chain of transforms from images to tensors, as native steps. */
export interface BatchPlan {
  /** Whether `plan` draws random numbers from the default generator. */
  readonly random: boolean;
  /** Adds the native steps for one image to `program`, drawing what is random; gives the size after them. */
  plan(size: PlannedSize, program: number[]): PlannedSize;
  /**
   * The float32 value of each byte, 256 for each channel; null for uint8 results. Where the values are
   * `(byte / 255 − mean) / deviation`, the means and the deviations of all channels may follow.
   */
  tables(channels: number): Float32Array | null;
}

/** The method under which a transform offers its plan; null where there is none at the moment. */
export const batchPlan = Symbol.for('torchts.batchPlan');

/** A transform with a plan. */
export interface Planned {
  [batchPlan](): BatchPlan | null;
}

/** The plan of a transform, or null. */
export function planOf(transform: unknown): BatchPlan | null {
  const offered = (transform as Partial<Planned> | null)?.[batchPlan];
  return typeof offered === 'function' ? offered.call(transform) : null;
}
