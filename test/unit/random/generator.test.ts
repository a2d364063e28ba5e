import { expect } from 'chai';
import * as torch from 'torchts';
import { thrown } from '../../support/errors.js';

const draw = (options: { generator?: torch.Generator } = {}): number[] =>
  torch.rand(4, options).tolist() as number[];

describe('random numbers', () => {
  afterEach(() => {
    torch.manualSeed(0);
  });

  it('manualSeed starts the stream over; with the numbers of Python', () => {
    torch.manualSeed(0);
    const first = draw();
    // torch.manual_seed(0); torch.rand(4)
    [0.4962566, 0.7682218, 0.0884774, 0.1320305].forEach((value, i) => {
      expect(first[i]).to.be.closeTo(value, 1e-6);
    });
    expect(draw()).to.not.deep.equal(first);
    torch.manualSeed(0n);
    expect(draw()).to.deep.equal(first);
    expect(torch.initialSeed()).to.equal(0);
  });

  it('a generator has a stream of its own', () => {
    torch.manualSeed(1);
    const expected = draw();
    torch.manualSeed(1);
    const mine = new torch.Generator().manualSeed(1);
    expect(draw({ generator: mine })).to.deep.equal(expected);
    expect(draw(), 'the default stream has not moved').to.deep.equal(expected);
    expect(mine.initialSeed()).to.equal(1);
    expect(String(mine.device)).to.equal('cpu');
  });

  it('the state is taken and put back', () => {
    torch.manualSeed(3);
    draw();
    const state = torch.getRngState();
    expect(state.dtype).to.equal('uint8');
    const expected = draw();
    torch.setRngState(state);
    expect(draw()).to.deep.equal(expected);
    const other = new torch.Generator().setState(state);
    expect(draw({ generator: other })).to.deep.equal(expected);
    expect(other.getState().equal(torch.getRngState())).to.equal(true);
  });

  it('forkRng leaves the stream where it was: after values, errors, promises', async () => {
    torch.manualSeed(4);
    const expected = draw();
    torch.manualSeed(4);
    torch.forkRng(draw);
    thrown(
      () =>
        torch.forkRng(() => {
          draw();
          throw new RangeError('inside');
        }),
      RangeError,
    );
    await torch.forkRng(async () => {
      draw();
      await null;
      draw();
    });
    expect(draw()).to.deep.equal(expected);
  });

  it('seeds beyond 2^53 are bigints, negative ones wrap as in Python', () => {
    torch.manualSeed(2n ** 63n + 5n);
    expect(torch.initialSeed()).to.equal(2n ** 63n + 5n);
    torch.manualSeed(-1);
    expect(torch.initialSeed()).to.equal(2n ** 64n - 1n);
    const chosen = torch.seed();
    expect(torch.initialSeed()).to.equal(chosen);
  });

  it('refuses what is no seed or state', () => {
    thrown(() => torch.manualSeed('1' as never), torch.TorchError);
    thrown(() => torch.manualSeed(1.5), torch.TorchError);
    thrown(() => torch.manualSeed(Number.NaN), torch.TorchError);
    thrown(() => torch.setRngState(torch.zeros(3, { dtype: 'uint8' })), torch.TorchError);
    thrown(() => torch.setRngState(torch.zeros(3)), torch.TorchError);
    thrown(() => torch.rand(2, { generator: {} as never }), torch.TorchError);
    expect(draw()).to.have.length(4);
  });
});
