/** What the sides share that measure torchts itself. */
import * as torch from 'torchts';
import type { Params } from '../types.js';
import { answer, type Outcome, type Request } from './side.js';

/** A side with torchts set up as asked: threads, device. `sync` waits for the device. */
export interface TorchSide<P extends Params> extends Request<P> {
  target: torch.Device;
  sync: () => void;
}

/** {@link answer} with torchts set up, and with its figures in the answer. */
export function torchAnswer<P extends Params>(
  measure: (side: TorchSide<P>) => Promise<Pick<Outcome, 'metrics' | 'results'> | { skip: string }>,
): Promise<void> {
  return answer<P>(async (request) => {
    torch.setNumThreads(request.threads);
    const cuda = request.device === 'cuda';
    const outcome = await measure({
      ...request,
      target: torch.device(cuda ? 'cuda:0' : 'cpu'),
      sync: cuda ? () => torch.cuda.synchronize() : () => {},
    });
    if ('skip' in outcome) return outcome;
    return {
      ...outcome,
      threads: torch.getNumThreads(),
      ...(cuda && { peakDeviceBytes: torch.cuda.maxMemoryAllocated() }),
      versions: { torch: torch.version, node: process.version },
    };
  });
}

/** Sum and sum of magnitudes of a tensor, in double precision: what both sides compare of a large result. */
export function fingerprint(tensor: torch.Tensor): number[] {
  const wide = tensor.detach().to('cpu').to(torch.float64);
  return [wide.sum().item() as number, wide.abs().sum().item() as number];
}
