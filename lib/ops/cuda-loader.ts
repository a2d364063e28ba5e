/** libtorch_cuda.so is opened at the first use of a CUDA device, so that programs without one never pay for it. */
import { DeviceError } from '../errors.js';
import { native } from '../native.js';

let reason: string | undefined;

/** Loads the CUDA libraries once, where a driver is; '' or the reason why not. */
export function loadCuda(): string {
  reason ??= native.loadCuda(false);
  return reason;
}

/** Why there is no CUDA, or null where there is. */
export function unavailableReason(): string | null {
  const text = loadCuda();
  if (text) return text;
  return native.cudaDeviceCount() > 0
    ? null
    : 'the CUDA libraries are loaded, but the driver offers no device';
}

let available = false;

/** @throws DeviceError unless a CUDA device can be used. */
export function needCuda(): void {
  if (available) return;
  const why = unavailableReason();
  if (why)
    throw new DeviceError(`CUDA is not available: ${why}; \`npx torchts doctor\` explains what is missing`);
  available = true;
}

/** Makes the device of an operator's options ready. @throws DeviceError for CUDA where there is none. */
export function prepareDevice(device: unknown): void {
  const name = typeof device === 'object' && device !== null ? (device as { type?: unknown }).type : device;
  if (typeof name === 'number' || (typeof name === 'string' && name.startsWith('cuda'))) needCuda();
}
