/** The models that are trained; the Python twin builds the same in the same order. */
import { models, nn } from 'torchts';

export type ModelName = 'resnet18' | 'mlp' | 'cnn';

export async function makeModel(name: ModelName): Promise<nn.Module> {
  switch (name) {
    case 'resnet18':
      return await models.resnet18({ numClasses: 10 });
    case 'mlp':
      return new nn.Sequential(
        new nn.Flatten(),
        new nn.Linear(784, 128),
        new nn.ReLU(),
        new nn.Linear(128, 10),
      );
    case 'cnn':
      return new nn.Sequential(
        new nn.Conv2d(1, 16, 3, { padding: 1 }),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Conv2d(16, 32, 3, { padding: 1 }),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Linear(32 * 7 * 7, 10),
      );
  }
}
