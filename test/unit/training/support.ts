/** A small problem for the tests of the Trainer: four numbers, three classes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as torch from 'torchts';
import { nn, optim } from 'torchts';

export type Pair = [torch.Tensor, torch.Tensor];

export class Net extends nn.Module {
  fc1 = new nn.Linear(4, 8);
  drop = new nn.Dropout(0.5);
  fc2 = new nn.Linear(8, 3);

  override forward(x: torch.Tensor): torch.Tensor {
    return this.fc2.forward(this.drop.forward(this.fc1.forward(x).relu()));
  }
}

/** Batches of four samples, the same for the same seed. */
export function batches(count: number, size = 4): Pair[] {
  const generator = new torch.Generator().manualSeed(7);
  return Array.from({ length: count }, () => [
    torch.randn([size, 4], { generator }),
    torch.randint(0, 3, [size], { generator }),
  ]);
}

/** A model with an optimizer, from the same random numbers every time. */
export function fresh(lr = 0.01): { model: Net; optimizer: optim.Adam; criterion: nn.CrossEntropyLoss } {
  torch.manualSeed(1);
  const model = new Net();
  return {
    model,
    optimizer: new optim.Adam(model.parameters(), { lr }),
    criterion: new nn.CrossEntropyLoss(),
  };
}

/** A Trainer on the small problem, with its parts. */
export function made<M extends torch.MetricSet<torch.Tensor> = {}>(
  options: torch.TrainerOptions<readonly torch.Tensor[], torch.Tensor, M> = {},
) {
  const { model, optimizer, criterion } = fresh();
  const trainer = new torch.Trainer(model, { criterion, optimizer, progress: false, ...options });
  return { model, optimizer, criterion, trainer };
}

/** The plain loop: what a Trainer must equal. */
export async function plainLoop(
  { model, optimizer, criterion }: ReturnType<typeof fresh>,
  loader: AsyncIterable<Pair> | Iterable<Pair>,
  epochs: number,
): Promise<number[]> {
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    model.train();
    for await (const [inputs, labels] of loader) {
      optimizer.zeroGrad();
      const loss = criterion(model(inputs), labels) as torch.Tensor;
      loss.backward();
      optimizer.step();
      losses.push(loss.item() as number);
    }
  }
  return losses;
}

/** A folder that is gone after the test. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'torchts-trainer-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The error that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a rejection');
}

/** Random numbers in the order of a shuffling loader: drawn anew each epoch from the global generator. */
export function shuffled(all: readonly Pair[]): AsyncIterable<Pair> & { length: number } {
  return {
    length: all.length,
    async *[Symbol.asyncIterator]() {
      for (const i of torch.randperm(all.length).tolist() as number[]) yield all[i]!;
    },
  };
}
