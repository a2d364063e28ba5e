/** The model of the tutorial with the weights that `--weights` names. */
import * as torch from 'torchts';
import { models } from 'torchts';
import type { TutorialOptions } from './options.js';

/** Random weights that the seed decides, so that a run can be repeated. */
async function randomWeights(options: TutorialOptions): Promise<models.ResNet> {
  torch.manualSeed(options.seed);
  return models.resnet18();
}

/** ResNet-18: torchvision's weights, random ones, or a state dict of the user's. */
export async function loadModel(options: TutorialOptions): Promise<models.ResNet> {
  if (options.weights === 'none') return randomWeights(options);
  if (options.weights !== 'default') {
    const model = await models.resnet18();
    const state = (await torch.load(options.weights)) as Record<string, torch.Tensor>;
    model.loadStateDict(state);
    return model;
  }
  try {
    return await models.resnet18({ pretrained: true });
  } catch (error) {
    if (!options.weightsOptional || !(error instanceof torch.DownloadError)) throw error;
    console.log(
      'The pretrained weights cannot be had here (no way to their host): going on with random weights.',
    );
    console.log(
      'To use them, put resnet18-f37072fd.pth into the cache that Python shares, or pass --weights FILE.',
    );
    return randomWeights(options);
  }
}
