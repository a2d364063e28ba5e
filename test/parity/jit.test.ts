import { expect } from 'chai';
import * as torch from 'torchts';
import type { Tensor } from 'torchts';
import { type FixtureTensor, fixturePath, loadFixtures, toTensor } from '../support/fixtures.js';

const fixture = loadFixtures<{
  x: FixtureTensor;
  traced: FixtureTensor;
  keys: string[];
  found: Record<string, FixtureTensor>;
  extremes: [FixtureTensor, FixtureTensor];
  times: number;
}>('jit');

const difference = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item() as number;

describe('TorchScript archives of Python', () => {
  const x = toTensor(fixture.x);
  const expected = toTensor(fixture.traced);

  it('a traced network gives its values, plain, frozen and optimized', async () => {
    const model = await torch.jit.load(fixturePath('jit', 'traced.pt'));
    expect(Object.keys(model.stateDict())).to.deep.equal(fixture.keys);
    expect(model.training).to.equal(false);
    expect(difference(model(x), expected)).to.be.below(1e-6);
    expect(difference(torch.jit.freeze(model)(x), expected)).to.be.below(1e-6);
    const optimized = torch.jit.optimizeForInference(model);
    expect(difference(optimized(x), expected)).to.be.below(1e-6);
    expect(difference(await optimized.forwardAsync(x), expected)).to.be.below(1e-6);
    // The traced size has a form of its own on x86-64.
    expect(optimized.graph).to.match(/prim::oneDNNFusionGroup|mkldnn::_convolution_pointwise/);
  });

  it('a scripted module takes numbers, lists and null, and gives dicts and named tuples', async () => {
    const model = await torch.jit.load(fixturePath('jit', 'scripted.pt'));
    const [found, extremes, times] = model(torch.tensor([1, -0.5]), 2, ['ab', 'c']) as [
      Record<string, Tensor>,
      { low: Tensor; high: Tensor },
      number,
    ];
    expect(Object.keys(found)).to.deep.equal(Object.keys(fixture.found));
    for (const [key, value] of Object.entries(fixture.found))
      expect(found[key]!.tolist(), key).to.deep.equal(toTensor(value).tolist());
    const [low, high] = fixture.extremes.map((value) => toTensor(value).item());
    expect([extremes.low.item(), extremes.high.item()]).to.deep.equal([low, high]);
    expect(times).to.equal(fixture.times);
    expect(Object.keys((model(torch.tensor([1, 1])) as unknown[])[0] as object)).to.deep.equal(['x']);
    const optimized = torch.jit.optimizeForInference(model.eval());
    const [again] = optimized(torch.tensor([1, -0.5]), 2, ['ab', 'c']) as [Record<string, Tensor>];
    expect(again['ab']!.tolist()).to.deep.equal(found['ab']!.tolist());
  });
});
