/** Devices: where a tensor lives. */
import { ArgumentError, DeviceError } from '../errors.js';

/** A device type with an optional index, as `torch.device('cuda:0')`. */
export class Device {
  /** `'cpu'`, `'cuda'`, `'meta'`, … */
  readonly type: string;
  /** The index, or null where none was given. */
  readonly index: number | null;

  constructor(type: string, index: number | null = null) {
    this.type = type;
    this.index = index;
  }

  toString(): string {
    return this.index === null ? this.type : `${this.type}:${this.index}`;
  }

  toJSON(): string {
    return this.toString();
  }

  /** True for the same type and index. */
  equals(other: DeviceLike): boolean {
    return device(other).toString() === this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const index = this.index === null ? '' : `, index=${this.index}`;
    return `device(type='${this.type}'${index})`;
  }
}

/** What is accepted as a device: `'cuda:0'`, a {@link Device}, or the index of a CUDA device. */
export type DeviceLike = string | number | Device;

const types = new Set(['cpu', 'cuda', 'meta', 'mps', 'xpu', 'mkldnn', 'xla', 'hpu', 'mtia', 'privateuseone']);
const cache = new Map<string, Device>();

interface DeviceParts {
  type: DeviceLike;
  index?: number | null;
}

function deviceOf(given: DeviceParts): Device {
  const { type, index, ...unknown } = given as Partial<DeviceParts>;
  for (const key of Object.keys(unknown))
    throw new ArgumentError(`device() got an unexpected keyword argument '${key}'; known: type, index`);
  if (type === undefined)
    throw new ArgumentError("device() needs a type, such as { type: 'cuda', index: 0 }");
  return device(type, index);
}

const isOptions = (value: unknown): value is DeviceParts =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/**
 * Makes a device: `device('cuda:0')`, `device('cuda', 0)`, `device(0)` (a CUDA index).
 *
 * @throws DeviceError for a name that is no device. Source: torch.device.
 */
export function device(
  spec: DeviceLike | { type: DeviceLike; index?: number | null },
  index?: number | null,
): Device {
  if (spec instanceof Device) return spec;
  if (isOptions(spec)) return deviceOf(spec);
  if (typeof spec === 'number') {
    if (!Number.isInteger(spec) || spec < 0)
      throw new DeviceError(`a device index must be a whole number from 0, got ${spec}`);
    return new Device('cuda', spec);
  }
  if (typeof spec !== 'string')
    throw new ArgumentError(
      `device must be a string such as 'cpu' or 'cuda:0', a Device or an index, got ${typeof spec}`,
    );
  const text = index === undefined || index === null ? spec : `${spec}:${index}`;
  const known = cache.get(text);
  if (known) return known;
  const match = /^([a-z]+)(?::(\d+))?$/.exec(text);
  if (!match || !types.has(match[1]!))
    throw new DeviceError(
      `Invalid device string: '${text}'; expected a type (${[...types].slice(0, 4).join(', ')}, …) and an optional index, such as 'cpu' or 'cuda:0'`,
    );
  const made = new Device(match[1]!, match[2] === undefined ? null : Number(match[2]));
  cache.set(text, made);
  return made;
}
