/** Loops without dispose, scope or `using` keep their memory bounded, in both ways of finalizing. */
import { expect } from 'chai';
import { askChild } from '../support/child.js';
import type { Figures } from './children/loops.js';

for (const [way, finalizers] of [
  ['finalizers inside the collection', undefined],
  ['the stable interface with a sweep', 'sweep'],
] as const) {
  const measure = (...loops: string[]): Promise<Figures> =>
    askChild<Figures>('test/memory/children/loops.js', loops, {
      env: { TORCHTS_FINALIZERS: finalizers },
      nodeFlags: ['--expose-gc'],
    });

  describe(`memory of synchronous loops: ${way}`, function () {
    this.timeout(120_000);

    it('20,000 tensors of 1 MiB stay under 400 MiB', async () => {
      const { peakMiB, loops } = await measure('tensors');
      expect(peakMiB).to.be.below(400);
      expect(loops.tensors!.late.tensors).to.equal(0);
    });

    const names = ['views', 'hooks', 'errors', 'forward', 'training', 'exchange'];
    it(`${names.join(', ')}: neither the process nor the count of tensors grows`, async () => {
      const { peakMiB, loops } = await measure(...names);
      for (const name of names) {
        const { early, late } = loops[name]!;
        expect(late.tensors, `${name}: tensors`).to.be.at.most(early.tensors);
        expect(early.tensors, `${name}: tensors`).to.be.below(64);
        expect(late.rssMiB - early.rssMiB, `${name}: growth, MiB`).to.be.below(64);
      }
      expect(peakMiB).to.be.below(1000);
    });
  });
}
