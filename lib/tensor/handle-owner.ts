/** What tensors and generators have in common: a native handle. */
import type { Handle } from '../bindings.js';

export class HandleOwner {
  /** @internal The native reference; opaque. */
  declare readonly handle: Handle;
}
