import { expect } from 'chai';
import * as torch from 'torchts';
import { datasets, transforms, utils } from 'torchts';
import { collectGarbage } from '../support/collect.js';

describe('memory of a loop over a loader', () => {
  const side = 8;
  const count = 3200;
  const dataset = new datasets.CIFAR10(
    {
      images: { data: new Uint8Array(count * side * side * 3), width: side, height: side, channels: 3 },
      targets: Array.from({ length: count }, () => 1),
      classes: ['a', 'b'],
    },
    {
      root: '.',
      transform: new transforms.Compose([new transforms.Resize(224), new transforms.ToTensor()]) as never,
    },
  );

  // Other tests of this process count bytes: the last batches are not left to them.
  after(collectGarbage);

  for (const numWorkers of [0, 2])
    it(`batches of 18 MiB stay under 300 MiB, and the process does not grow by more; ${numWorkers} workers`, async () => {
      const loader = new utils.data.DataLoader(dataset, { batchSize: 32, shuffle: true, numWorkers });
      let most = 0;
      let batches = 0;
      let early = 0;
      for (let pass = 0; pass < 2; pass++)
        for await (const [x] of loader) {
          expect((x as unknown as torch.Tensor).shape).to.deep.equal([32, 3, 224, 224]);
          most = Math.max(most, torch.memoryStats().bytes);
          if (++batches === 60) early = process.memoryUsage.rss();
        }
      expect(batches).to.equal(200);
      expect(most).to.be.below(300 * 2 ** 20);
      expect(process.memoryUsage.rss() - early).to.be.below(200 * 2 ** 20);
    }).timeout(60_000);
});
