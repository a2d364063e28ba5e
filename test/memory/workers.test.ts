/** Several worker threads load the addon at once, and may end at any moment. */
import { expect } from 'chai';
import { askChild } from '../support/child.js';

interface Computed {
  answers: { output: number[]; error: string; grad: boolean; code: number }[];
  own: number;
}

for (const finalizers of [undefined, 'sweep']) {
  const ask = <T>(task: string): Promise<T> =>
    askChild<T>('test/memory/children/workers.js', [task], { env: { TORCHTS_FINALIZERS: finalizers } });

  describe(`worker threads${finalizers ? ' on the stable interface' : ''}`, function () {
    this.timeout(120_000);

    it('compute at the same time and exchange arrays', async () => {
      const { answers, own } = await ask<Computed>('compute');
      expect(own).to.equal(1e6);
      answers.forEach(({ output, error, grad, code }, i) => {
        expect(output).to.deep.equal([i * i + 2, i + 3, 2 * i + 6, 11]);
        expect(error).to.equal('ERR_SHAPE');
        expect(grad).to.equal(false);
        expect(code).to.equal(0);
      });
    });

    it('are terminated in the middle of operators ten times over', async () => {
      expect(await ask('terminate')).to.equal(3);
    });

    it('are ended by process.exit', async () => {
      expect(await ask('exit')).to.equal('leaving');
    });

    // Slow, and the way of finalizing makes no difference here.
    if (finalizers) return;
    it('50 of them, one after another, leave little behind', async () => {
      const sizes = await ask<number[]>('churn');
      expect(sizes).to.have.length(5);
      expect(sizes.at(-1)! - sizes[0]!, `growth over 40 workers, MiB: ${sizes}`).to.be.below(120);
    });
  });
}
