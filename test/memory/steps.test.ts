/** Training steps as the tutorial takes them do not grow the process. */
import { expect } from 'chai';
import { askChild } from '../support/child.js';
import type { Step } from './children/steps.js';

describe('memory of training steps', function () {
  this.timeout(120_000);

  for (const finalizers of [undefined, 'sweep']) {
    it(`steps of a ResNet-18 do not grow once the heap has its size${finalizers ? ' on the stable interface' : ''}`, async () => {
      const steps = await askChild<Step[]>('test/memory/children/steps.js', [], {
        env: { TORCHTS_FINALIZERS: finalizers },
        nodeFlags: ['--expose-gc'],
      });
      expect(steps).to.have.length(120);
      // The first steps fill the heap to the size that it keeps (measured flat from there over 500 steps).
      const [early, late] = [steps[59]!, steps[119]!];
      // What tensors hold is exact; the process swings by some 60 MiB with the moments of collections.
      expect(late.bytes - early.bytes, 'growth behind tensors, bytes').to.be.below(1 << 20);
      expect(late.rssMiB - early.rssMiB, 'growth, MiB').to.be.below(120);
      expect(late.tensors, 'tensors').to.be.at.most(early.tensors + 64);
      // Between collections, too: weights, two states, gradients (180 MiB) and the garbage of some steps.
      expect(Math.max(...steps.map((step) => step.rssMiB))).to.be.below(1000);
      expect(Math.max(...steps.map((step) => step.tensors))).to.be.below(2500);
    });
  }
});
