import { expect } from 'chai';
import { parseAnswer } from '../../../../scripts/bench/answer.js';
import { difference } from '../../../../scripts/bench/compare.js';
import {
  geometricMean,
  mean,
  median,
  pairedRatios,
  quantile,
  summarize,
} from '../../../../scripts/bench/stats.js';
import type { Answer } from '../../../../scripts/bench/types.js';

describe('bench: figures', () => {
  it('median and quartiles do not depend on the order', () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(median([4, 1, 3, 2])).to.equal(2.5);
    expect(quantile([10, 20, 30, 40, 50], 0.25)).to.equal(20);
    expect(quantile([1, 2], 0.75)).to.equal(1.75);
    expect(summarize([5])).to.deep.equal({ median: 5, low: 5, high: 5, values: [5] });
  });

  it('the geometric mean of ratios does not depend on what stands above', () => {
    expect(mean([1, 2, 6])).to.equal(3);
    expect(geometricMean([2, 0.5])).to.be.closeTo(1, 1e-12);
    expect(geometricMean([1, 10, 100])).to.be.closeTo(10, 1e-12);
  });

  it('refuses empty series and values that are not positive', () => {
    expect(() => median([])).to.throw(RangeError, 'empty');
    expect(() => mean([])).to.throw(RangeError, 'empty');
    expect(() => geometricMean([])).to.throw(RangeError, 'empty');
    expect(() => geometricMean([1, 0])).to.throw(RangeError, 'of 0');
    expect(() => geometricMean([1, Number.NaN])).to.throw(RangeError, 'NaN');
  });

  it('a machine that slows down for a round does not change the ratio', () => {
    // The third round ran four times as slow on both sides, the ratio of medians would be the same here,
    // the spread would not.
    const ratio = pairedRatios([80, 81, 320], [100, 100, 400]);
    expect(ratio.median).to.equal(0.8);
    expect(ratio.high).to.be.below(0.82);
    expect(() => pairedRatios([1], [1, 2])).to.throw(RangeError);
  });
});

describe('bench: results of two sides', () => {
  const tolerance = { rtol: 1e-3, atol: 1e-6 };

  it('agree within the tolerance', () => {
    expect(difference({ loss: [1.0005, 0] }, { loss: [1, 1e-7] }, tolerance)).to.equal(undefined);
  });

  it('differ beyond it, and the difference is named', () => {
    expect(difference({ loss: [1, 1.002] }, { loss: [1, 1] }, tolerance)).to.match(
      /^loss\[1\] is 1.002 against 1; .*0.001 relative/,
    );
  });

  it('differ where one is no number, has another length, or is missing', () => {
    expect(difference({ a: [Number.NaN] }, { a: [Number.NaN] }, tolerance)).to.contain('a[0] is NaN');
    expect(difference({ a: [Infinity] }, { a: [Infinity] }, tolerance)).to.contain('a[0] is Infinity');
    expect(difference({ a: [1] }, { a: [1, 2] }, tolerance)).to.equal('a: 1 values against 2');
    expect(difference({ a: [1] }, { b: [1] }, tolerance))
      .to.contain('only one side')
      .and.contain('a, b');
    expect(difference({}, {}, tolerance)).to.contain('no results');
  });
});

describe('bench: the line that a side prints', () => {
  const line = {
    metrics: { step: { unit: 'ms', samples: [1.5, 2] } },
    results: { loss: [2.25] },
    peakBytes: 1000,
    threads: 2,
    versions: { torch: '2.14.1' },
  };

  it('is the last JSON object with metrics; other lines are for people', () => {
    const output = `Epoch [1/1]\n{"metrics": 1, "old": true}\n\n${JSON.stringify(line)}\n{not json}\nbye\n`;
    expect(parseAnswer(output)).to.deep.equal(line);
  });

  it('may say why the side cannot run', () => {
    expect(parseAnswer('{"skip":"no torch.jit"}\n')).to.deep.equal({ skip: 'no torch.jit' });
  });

  it('turns null, which stands for NaN, into a number that equals nothing', () => {
    const answer = parseAnswer(JSON.stringify({ ...line, results: { loss: [null] } })) as Answer;
    expect(answer.results.loss).to.deep.equal([Number.NaN]);
    expect(difference(answer.results, { loss: [0] }, { rtol: 0, atol: 1 })).to.contain('NaN');
  });

  it('must be there and whole', () => {
    const broken = (change: object): (() => unknown) => {
      return () => parseAnswer(JSON.stringify({ ...line, ...change }));
    };
    expect(() => parseAnswer('')).to.throw('which is empty');
    expect(() => parseAnswer('Finished Training\n')).to.throw('no line with results');
    expect(broken({ metrics: [] })).to.throw('metrics is no object');
    expect(broken({ metrics: { step: { unit: 's', samples: [1] } } })).to.throw('metrics.step');
    expect(broken({ metrics: { step: { unit: 'ms', samples: [] } } })).to.throw('metrics.step');
    expect(broken({ metrics: { step: { unit: 'ms', samples: [-1] } } })).to.throw('metrics.step');
    expect(broken({ results: { loss: 2 } })).to.throw('results');
    expect(broken({ peakBytes: 0 })).to.throw('peakBytes');
    expect(broken({ versions: undefined })).to.throw('versions');
  });
});
