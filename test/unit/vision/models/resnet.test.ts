import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { models, nn } from 'torchts';

async function rejected(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it should have been refused');
}

const count = (model: nn.Module): number =>
  [...model.parameters()].reduce((sum, parameter) => sum + parameter.numel(), 0);

describe('models: ResNets', () => {
  it('have the numbers of parameters that torchvision states', async () => {
    expect(count(await models.resnet18())).to.equal(models.ResNet18_Weights.DEFAULT.meta.numParams);
    expect(count(await models.resnet50())).to.equal(models.ResNet50_Weights.DEFAULT.meta.numParams);
    expect(count(await models.resnext50_32x4d())).to.equal(
      models.ResNeXt50_32X4D_Weights.DEFAULT.meta.numParams,
    );
    expect(count(await models.wideResnet50_2())).to.equal(
      models.Wide_ResNet50_2_Weights.DEFAULT.meta.numParams,
    );
  });

  it('take numClasses, and a replaced fc', async () => {
    const model = (await models.resnet18({ numClasses: 7 })).eval();
    const x = torch.rand(2, 3, 32, 32);
    expect(model(x).shape).to.deep.equal([2, 7]);
    expect(model.fc.inFeatures).to.equal(512);
    model.fc = new nn.Linear(model.fc.inFeatures, 3);
    expect(model(x).shape).to.deep.equal([2, 3]);
    expect(Object.keys(model.stateDict()).slice(-2)).to.deep.equal(['fc.weight', 'fc.bias']);
  });

  it('can start every block as the identity', async () => {
    const model = await models.resnet18({ zeroInitResidual: true, numClasses: 2 });
    const blocks = [...model.modules()].filter((module) => module instanceof models.BasicBlock);
    expect(blocks.length).to.equal(8);
    for (const block of blocks) expect((block.bn2 as nn.BatchNorm2d).weight!.sum().item()).to.equal(0);
    expect((model.bn1 as nn.BatchNorm2d).weight!.sum().item()).to.equal(64);
  });

  it('can dilate instead of striding', () => {
    const model = new models.ResNet(models.Bottleneck, [1, 1, 1, 1], {
      numClasses: 2,
      replaceStrideWithDilation: [false, true, true],
    });
    expect(model.layer4(model.layer3(torch.rand(1, 512, 8, 8))).shape).to.deep.equal([1, 2048, 8, 8]);
    expect(() => new models.ResNet(models.BasicBlock, [1, 1, 1, 1], { groups: 2 })).to.throw(
      torch.ValueError,
      'groups=1',
    );
  });

  it('refuse unknown options and weights that do not fit', async () => {
    expect((await rejected(models.resnet18({ numClases: 3 } as object))).message).to.include("'numClases'");
    const fixed = await rejected(models.resnet18({ pretrained: true, numClasses: 10 }));
    expect(fixed).to.be.instanceOf(torch.ValueError);
    expect(fixed.message).to.equal("The parameter 'numClasses' expected value 1000 but got 10 instead.");
    expect((await rejected(models.resnet18({ weights: 'V9' }))).message).to.include(
      "'V9' is no version of ResNet18_Weights (IMAGENET1K_V1, DEFAULT)",
    );
    expect(
      (await rejected(models.resnet18({ weights: models.ResNet50_Weights.DEFAULT }))).message,
    ).to.include('expected one of ResNet18_Weights but received ResNet50_Weights.IMAGENET1K_V2');
    expect((await rejected(models.resnext50_32x4d({ groups: 2 }))).message).to.include(
      "'groups' expected value 32",
    );
  });

  it('load weights from a file that was saved', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'torchts-models-'));
    try {
      const path = join(folder, 'weights.pth');
      const saved = await models.resnet18({ numClasses: 3 });
      await torch.save(saved.stateDict(), path);
      const loaded = await models.resnet18({ weights: path, numClasses: 3 });
      expect(loaded.fc.weight.tolist()).to.deep.equal(saved.fc.weight.tolist());
      expect(loaded.conv1.weight.sum().item()).to.equal(saved.conv1.weight.sum().item());
      const other = await rejected(models.resnet18({ weights: path, numClasses: 4 }));
      expect(other).to.be.instanceOf(torch.StateDictError);
      expect(other.message).to.include('size mismatch for fc.weight');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('models: sets of weights', () => {
  it('know their address, classes and preprocessing', () => {
    const { DEFAULT, IMAGENET1K_V1 } = models.ResNet18_Weights;
    expect(DEFAULT).to.equal(IMAGENET1K_V1);
    expect(DEFAULT.url).to.equal('https://download.pytorch.org/models/resnet18-f37072fd.pth');
    expect([DEFAULT.numClasses, String(DEFAULT)]).to.deep.equal([1000, 'ResNet18_Weights.IMAGENET1K_V1']);
    expect([DEFAULT.preprocessing.resizeSize, DEFAULT.preprocessing.cropSize]).to.deep.equal([256, 224]);
    expect(models.ResNet50_Weights.DEFAULT.preprocessing.resizeSize).to.equal(232);
  });

  it('give the preprocessing as transforms', () => {
    const image = torch.randint(0, 256, [3, 300, 400], { dtype: 'uint8' });
    const { transforms } = models.ResNet18_Weights.DEFAULT.transforms();
    expect(transforms.map((step) => step.constructor.name)).to.deep.equal([
      'Resize',
      'CenterCrop',
      'ToTensor',
      'Normalize',
    ]);
    expect(transforms[1]!(transforms[0]!(image)).shape).to.deep.equal([3, 224, 224]);
  });

  it('are read from the cache that Python shares', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'torchts-models-'));
    const before = process.env.TORCH_HOME;
    process.env.TORCH_HOME = folder;
    try {
      const place = join(folder, 'hub', 'checkpoints');
      mkdirSync(place, { recursive: true });
      await torch.save({ weight: torch.ones(2) }, join(place, 'resnet18-f37072fd.pth'));
      const state = await models.ResNet18_Weights.DEFAULT.getStateDict({ progress: false, checkHash: false });
      expect(state.weight!.tolist()).to.deep.equal([1, 1]);
    } finally {
      if (before === undefined) delete process.env.TORCH_HOME;
      else process.env.TORCH_HOME = before;
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
