import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, profiler } from 'torchts';
import { camelKeys, loadFixtures } from '../support/fixtures.js';

type Row = [key: string, count: number, shapes: number[][], flops: number, label: boolean];
interface Program {
  name: 'linear' | 'network';
  plain: Row[];
  byShape: Row[];
}
interface Plan {
  options: Record<string, number>;
  actions: string[];
}

const { programs, schedules } = loadFixtures<{ programs: Program[]; schedules: Plan[] }>('profiler');

const seed = torch.ones([]);

/** The programs of profiler.py. */
const make: Record<Program['name'], () => () => void> = {
  linear() {
    const [x, w] = [torch.randn(4, 5), torch.randn(3, 5, { requiresGrad: true })];
    return () => nn.functional.linear(x, w).relu().sum().backward(seed);
  },
  network() {
    const model = new nn.Sequential(
      new nn.Conv2d(3, 8, 3, { padding: 1 }),
      new nn.BatchNorm2d(8),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(128, 10),
    );
    const criterion = new nn.CrossEntropyLoss();
    const [x, y] = [torch.randn(2, 3, 8, 8), torch.randint(10, [2])];
    return () => {
      const loss = profiler.recordFunction('forward', () => criterion(model(x), y));
      loss.backward(seed);
    };
  },
};

const byText = (rows: Row[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
const rowsOf = (averages: Iterable<profiler.FunctionEventAvg>): string[] =>
  byText([...averages].map((row) => [row.key, row.count, row.inputShapes, row.flops, row.isUserAnnotation]));

describe('parity: profiler', () => {
  for (const { name, plain, byShape } of programs)
    it(`${name}: the operators, calls, shapes and FLOPs of Python`, () => {
      torch.manualSeed(0);
      const program = make[name]();
      program();
      const prof = profiler.profile({ activities: ['CPU'], recordShapes: true, withFlops: true }, program);
      expect(rowsOf(prof.keyAverages())).to.deep.equal(byText(plain));
      expect(rowsOf(prof.keyAverages({ groupByInputShape: true }))).to.deep.equal(byText(byShape));
    });

  for (const { options, actions } of schedules)
    it(`schedule ${JSON.stringify(options)}: the actions of Python`, () => {
      const plan = profiler.schedule(camelKeys(options) as unknown as profiler.ScheduleOptions);
      expect(actions.map((_, step) => plan(step))).to.deep.equal(actions);
    });
});
