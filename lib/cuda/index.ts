/** `torch.cuda`: devices, memory, synchronisation. Without a driver every answer is clean. */
import { DeviceError } from '../errors.js';
import { native } from '../native.js';
import { loadCuda, needCuda } from '../ops/cuda-loader.js';
import { type DeviceLike, device } from '../tensor/device.js';

import { manualSeed as seedAll } from '../random/generator.js';

function indexOf(where?: DeviceLike | null): number | undefined {
  if (where == null) return undefined;
  if (typeof where === 'number') return where;
  const { type, index } = device(where);
  if (type !== 'cuda') throw new DeviceError(`expected a CUDA device, got '${type}'`);
  return index ?? undefined;
}

export { unavailableReason } from '../ops/cuda-loader.js';

/** Whether a CUDA device can be used. Source: torch.cuda.is_available. */
export function isAvailable(): boolean {
  return deviceCount() > 0;
}

/** Source: torch.cuda.device_count. */
export function deviceCount(): number {
  return loadCuda() === '' ? native.cudaDeviceCount() : 0;
}

/** @throws DeviceError without CUDA. Source: torch.cuda.current_device. */
export function currentDevice(): number {
  needCuda();
  return native.cudaCurrentDevice();
}

/** The name of a device, such as `'NVIDIA H100'`. Source: torch.cuda.get_device_name. */
export function getDeviceName(where?: DeviceLike | null): string {
  needCuda();
  return native.cudaDeviceName(indexOf(where));
}

/** `[major, minor]`. Source: torch.cuda.get_device_capability. */
export function getDeviceCapability(where?: DeviceLike | null): [number, number] {
  needCuda();
  return native.cudaDeviceCapability(indexOf(where)) as [number, number];
}

/** Waits until the device has done its work. Source: torch.cuda.synchronize. */
export function synchronize(where?: DeviceLike | null): void {
  needCuda();
  native.cudaSynchronize(indexOf(where));
}

/** Gives cached blocks back to the driver; nothing to do without CUDA. Source: torch.cuda.empty_cache. */
export function emptyCache(): void {
  if (isAvailable()) native.cudaEmptyCache();
}

/** Bytes that tensors use now; 0 without CUDA. Source: torch.cuda.memory_allocated. */
export function memoryAllocated(where?: DeviceLike | null): number {
  return isAvailable() ? native.cudaMemoryStats(indexOf(where)).allocated : 0;
}
/** Source: torch.cuda.max_memory_allocated. */
export function maxMemoryAllocated(where?: DeviceLike | null): number {
  return isAvailable() ? native.cudaMemoryStats(indexOf(where)).maxAllocated : 0;
}
/** Source: torch.cuda.memory_reserved. */
export function memoryReserved(where?: DeviceLike | null): number {
  return isAvailable() ? native.cudaMemoryStats(indexOf(where)).reserved : 0;
}
/** Source: torch.cuda.max_memory_reserved. */
export function maxMemoryReserved(where?: DeviceLike | null): number {
  return isAvailable() ? native.cudaMemoryStats(indexOf(where)).maxReserved : 0;
}
/** Source: torch.cuda.reset_peak_memory_stats. */
export function resetPeakMemoryStats(where?: DeviceLike | null): void {
  if (isAvailable()) native.cudaResetPeakMemoryStats(indexOf(where));
}
/** `[free, total]` in bytes. Source: torch.cuda.mem_get_info. */
export function memGetInfo(where?: DeviceLike | null): [number, number] {
  needCuda();
  const { free, total } = native.cudaMemoryStats(indexOf(where));
  return [free, total];
}

/** Seeds the generator of the current device (and the others: one seed serves all). Source: torch.cuda.manual_seed. */
export function manualSeed(seed: number | bigint): void {
  if (isAvailable()) seedAll(seed);
}
/** Source: torch.cuda.manual_seed_all. */
export function manualSeedAll(seed: number | bigint): void {
  manualSeed(seed);
}
