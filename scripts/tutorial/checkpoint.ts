/** Stopping in order and going on: the state of a run between two steps. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as torch from 'torchts';
import type { nn, optim } from 'torchts';

/** Where a run stands. */
export interface Progress {
  epoch: number;
  /** Steps done in that epoch. */
  step: number;
  /** Sum of the losses since the last line. */
  runningLoss: number;
  losses: number[];
  seconds: number;
  /** The generator's state at the start of the epoch: with it the shuffle order comes again. */
  epochRng: torch.Tensor;
}

export function checkpointFile(out: string): string {
  return join(out, 'checkpoint.pth');
}

export async function saveCheckpoint(
  out: string,
  model: nn.Module,
  optimizer: optim.Optimizer,
  progress: Progress,
): Promise<void> {
  await torch.save(
    {
      model: model.stateDict(),
      optimizer: optimizer.stateDict(),
      ...progress,
      rng: torch.getRngState(),
    },
    checkpointFile(out),
  );
}

/** Puts the saved state into model and optimizer; null where there is no checkpoint. */
export async function resume(
  out: string,
  model: nn.Module,
  optimizer: optim.Optimizer,
): Promise<(Progress & { rng: torch.Tensor }) | null> {
  const file = checkpointFile(out);
  if (!existsSync(file)) return null;
  const saved = (await torch.load(file, { mapLocation: 'cpu' })) as Progress & {
    model: Record<string, torch.Tensor>;
    optimizer: Parameters<optim.Optimizer['loadStateDict']>[0];
    rng: torch.Tensor;
  };
  model.loadStateDict(saved.model);
  optimizer.loadStateDict(saved.optimizer);
  return saved;
}
