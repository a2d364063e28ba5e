/** A state dict of 45 MB from the file into a ResNet-18, and back into a file. */
import { join } from 'node:path';
import * as torch from 'torchts';
import { models } from 'torchts';
import { sample } from './side.js';
import { fingerprint, torchAnswer } from './torch-side.js';

type Params = { samples: number; warmup: number };
type State = Record<string, torch.Tensor>;

/** One number for each tensor of a state. */
function checksum(state: State): number[] {
  return Object.values(state).map((tensor) => fingerprint(tensor)[1]!);
}

await torchAnswer<Params>(async ({ params, inputs, work, target, sync }) => {
  const source = join(inputs, 'resnet18', 'model.pth');
  const copy = join(work, 'copy.pth');
  const model = await models.resnet18();
  model.to(target);
  const load = await sample(params.samples, params.warmup, async () => {
    model.loadStateDict((await torch.load(source)) as State);
    sync();
  });
  const save = await sample(params.samples, params.warmup, () => torch.save(model.stateDict(), copy));
  return {
    metrics: { load: { unit: 'ms', samples: load }, save: { unit: 'ms', samples: save } },
    results: {
      loaded: checksum(model.stateDict() as State),
      saved: checksum((await torch.load(copy, { mapLocation: 'cpu' })) as State),
    },
  };
});
