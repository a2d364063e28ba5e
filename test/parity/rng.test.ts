import { expect } from 'chai';
import * as torch from 'torchts';
import { loadFixtures } from '../support/fixtures.js';
import { type CallCase, checkCase } from './calls.js';

interface RngFixtures {
  cases: CallCase[];
  states: { seed: number; length: number; first: number[]; sum: number; drawn: number[] }[];
}

const fixtures = loadFixtures<RngFixtures>('rng');

describe('parity: random numbers', () => {
  for (const given of fixtures.cases) {
    it(given.title, () => checkCase(given));
  }

  for (const { seed, length, first, sum, drawn } of fixtures.states) {
    it(`the state after manualSeed(${seed}) is Python's and restores the stream`, () => {
      torch.manualSeed(seed);
      expect(torch.initialSeed()).to.equal(seed);
      const state = torch.getRngState();
      expect(state.dtype).to.equal('uint8');
      expect(state.shape).to.deep.equal([length]);
      const bytes = state.toTypedArray() as Uint8Array;
      expect([...bytes.subarray(0, first.length)]).to.deep.equal(first);
      expect(bytes.reduce((total, byte) => total + byte, 0)).to.equal(sum);
      const before = torch.rand(4).tolist();
      torch.randn(100);
      torch.setRngState(state);
      expect(torch.rand(4).tolist()).to.deep.equal(before);
      expect(before).to.deep.equal(drawn);
    });
  }
});
