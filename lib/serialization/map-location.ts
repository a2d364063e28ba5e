/** Which device a stored storage goes to. */
import type { Handle } from '../bindings.js';
import { deviceCount, unavailableReason } from '../cuda/index.js';
import { ArgumentError, DeviceError } from '../errors.js';
import { native } from '../native.js';
import { Device, type DeviceLike, device, Tensor } from '../tensor/index.js';
import { aten } from '../utils/aten.js';

/**
 * Where tensors go: a device for all; a map from the device in the file to another; or a function of
 * the storage (a uint8 tensor on the CPU) and the device in the file, which gives a device, the moved
 * storage, or nothing for the device in the file.
 */
export type MapLocation =
  | DeviceLike
  | ReadonlyMap<string, DeviceLike>
  | Readonly<Record<string, DeviceLike>>
  | ((storage: Tensor, location: string) => Tensor | DeviceLike | null | undefined | void);

const remedy = "use torch.load(path, { mapLocation: 'cpu' }) to bring its tensors to the CPU";
const emptyOn = aten<Tensor>('empty', 'memory_format');

/** The device of a location in a file. @throws DeviceError where it is not there. */
function existing(location: string): Device {
  if (location === 'cpu' || location === 'meta') return device(location);
  const match = /^cuda(?::(\d+))?$/.exec(location);
  if (!match)
    throw new DeviceError(`don't know how to restore data that were saved on '${location}'; ${remedy}`);
  const count = deviceCount();
  if (count === 0)
    throw new DeviceError(
      'Attempting to deserialize object on a CUDA device but torch.cuda.isAvailable() is false' +
        `${unavailableReason() ? ` (${unavailableReason()})` : ''}. On a machine with a CPU only, ${remedy}`,
    );
  if (Number(match[1] ?? 0) >= count)
    throw new DeviceError(
      `Attempting to deserialize object on CUDA device ${match[1]} but torch.cuda.deviceCount() is ${count}. ` +
        'Please use mapLocation to map the storages to an existing device',
    );
  return device(location);
}

function isDeviceLike(value: unknown): value is DeviceLike {
  return typeof value === 'string' || typeof value === 'number' || value instanceof Device;
}

/** Puts storages where `mapLocation` wants them. */
export class LocationMapper {
  private readonly fixed: ((location: string) => string) | null;

  /** @throws ArgumentError for a `mapLocation` of another kind, DeviceError for a device that is not there. */
  constructor(private readonly mapLocation: MapLocation | null | undefined) {
    if (mapLocation == null) this.fixed = (location) => location;
    else if (isDeviceLike(mapLocation)) {
      const name = device(mapLocation).toString();
      this.fixed = () => name;
    } else if (typeof mapLocation === 'function') this.fixed = null;
    else if (typeof mapLocation === 'object' && !(mapLocation instanceof Tensor)) {
      const names = new Map<string, string>();
      const entries = mapLocation instanceof Map ? mapLocation : Object.entries(mapLocation);
      for (const [from, to] of entries as Iterable<[string, DeviceLike]>)
        names.set(from, device(to).toString());
      this.fixed = (location) => names.get(location) ?? location;
    } else {
      throw new ArgumentError(
        `mapLocation must be a device, a map of devices or a function, got ${typeof mapLocation}`,
      );
    }
  }

  /** Fails early, before bytes are read; true where the bytes are not needed at all. */
  needsNoBytes(location: string): boolean {
    return this.fixed !== null && existing(this.fixed(location)).type === 'meta';
  }

  /** A storage without bytes. */
  withoutBytes(size: number): Handle {
    return emptyOn([[size]], { dtype: 'uint8', device: 'meta' }).handle;
  }

  /** The storage (uint8, on the CPU) on the device where it belongs. */
  place(handle: Handle, location: string): Handle {
    if (this.fixed) return this.moved(handle, existing(this.fixed(location)));
    const storage = new Tensor(handle);
    const answer = (this.mapLocation as (storage: Tensor, location: string) => unknown)(storage, location);
    if (answer == null) return this.moved(handle, existing(location));
    if (isDeviceLike(answer)) return this.moved(handle, existing(device(answer).toString()));
    if (
      !(answer instanceof Tensor) ||
      answer.dtype !== 'uint8' ||
      native.storageBytes(answer.handle) < native.storageBytes(handle)
    )
      throw new ArgumentError(
        'mapLocation as a function must return a device, nothing, or the storage that it was given (or that one on another device)',
      );
    return answer.handle;
  }

  private moved(handle: Handle, target: Device): Handle {
    return target.type === 'cpu' ? handle : new Tensor(handle).to(target).handle;
  }
}
