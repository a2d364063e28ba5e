/** `torch.jit.load` and `torch.jit.save`: the archives that Python writes and reads. */
import { access } from 'node:fs/promises';
import { ArgumentError, FileFormatError, NotImplementedError } from '../errors.js';
import { native } from '../native.js';
import { prepareDevice } from '../ops/cuda-loader.js';
import { targetPath, writeAtomically } from '../serialization/atomic-file.js';
import { fileReason } from '../serialization/source.js';
import { type DeviceLike, device } from '../tensor/index.js';
import { checkedOptions } from '../tensor/keywords.js';
import { ScriptModule, scriptHandle } from './script-module.js';

/** Options of {@link load}. */
export interface LoadOptions {
  /** The device for all tensors. Default: the devices that they were saved on. */
  mapLocation?: DeviceLike | null;
}

/**
 * Reads a TorchScript archive, off the JavaScript thread: traced or scripted, here or in Python.
 *
 * @param file A path or a file URL.
 * @throws FileFormatError where the file is missing, broken, or no TorchScript archive.
 * Source: torch.jit.load.
 */
export async function load(file: string | URL, options?: LoadOptions): Promise<ScriptModule> {
  const path = targetPath(file, 'torch.jit.load');
  const { mapLocation } = checkedOptions('jit.load', options, ['mapLocation']);
  const where = mapLocation == null ? null : device(mapLocation).toString();
  if (where !== null) prepareDevice(where);
  try {
    await access(path);
    return new ScriptModule(await native.jitLoad(path, where));
  } catch (cause) {
    throw new FileFormatError(
      `${path} could not be read as a TorchScript archive: ${fileReason(cause)}\n` +
        'A state dict or another file of torch.save() is read by torch.load(path)',
      { cause },
    );
  }
}

/**
 * Writes a TorchScript archive that Python's `torch.jit.load` reads, off the JavaScript thread; the file
 * is there whole or not at all.
 *
 * @throws ArgumentError for anything that is no ScriptModule; NotImplementedError for what
 *   `optimizeForInference` made; FileFormatError where the file cannot be written.
 * Source: torch.jit.save.
 */
export async function save(module: ScriptModule, file: string | URL): Promise<void> {
  if (!(module instanceof ScriptModule))
    throw new ArgumentError(
      'jit.save() expects a ScriptModule; make one by torch.jit.trace(model, exampleInputs), or save a state dict by torch.save()',
    );
  if (module.isOptimized)
    throw new NotImplementedError(
      'what optimizeForInference() gives is made for this machine and cannot be saved; save the traced module and optimize it after loading',
    );
  const path = targetPath(file, 'torch.jit.save');
  await writeAtomically(path, (open) => native.jitSave(scriptHandle(module), open.fd));
}
