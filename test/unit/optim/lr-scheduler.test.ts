import { expect } from 'chai';
import * as torch from 'torchts';
import { optim } from 'torchts';

const { lrScheduler } = optim;

/** Rates of two groups (0.1 and 0.5) over twelve steps, computed by Python's torch 2.14.1. */
const expected: Record<string, number[][]> = {
  MultiStepLR: [
    [0.1, 0.5],
    [0.1, 0.5],
    [0.01, 0.05],
    [0.01, 0.05],
    [0.01, 0.05],
    [0.0001, 0.0005],
    [0.0001, 0.0005],
    [0.0001, 0.0005],
    [0.0001, 0.0005],
    [0.0001, 0.0005],
    [0.0001, 0.0005],
    [0.0001, 0.0005],
    [0.0001, 0.0005],
  ],
  ExponentialLR: [
    [0.1, 0.5],
    [0.09, 0.45],
    [0.081, 0.405],
    [0.0729, 0.3645],
    [0.06561, 0.32805],
    [0.059049, 0.295245],
    [0.0531441, 0.2657205],
    [0.04782969, 0.23914845],
    [0.043046721, 0.215233605],
    [0.0387420489, 0.1937102445],
    [0.03486784401, 0.17433922005],
    [0.031381059609, 0.156905298045],
    [0.0282429536481, 0.141214768241],
  ],
  LambdaLR: [
    [0.1, 0.5],
    [0.095, 0.25],
    [0.09025, 0.166666666667],
    [0.0857375, 0.125],
    [0.081450625, 0.1],
    [0.07737809375, 0.0833333333333],
    [0.0735091890625, 0.0714285714286],
    [0.0698337296094, 0.0625],
    [0.0663420431289, 0.0555555555556],
    [0.0630249409725, 0.05],
    [0.0598736939238, 0.0454545454545],
    [0.0568800092276, 0.0416666666667],
    [0.0540360087663, 0.0384615384615],
  ],
  ConstantLR: [
    [0.05, 0.25],
    [0.05, 0.25],
    [0.05, 0.25],
    [0.05, 0.25],
    [0.1, 0.5],
    [0.1, 0.5],
    [0.1, 0.5],
    [0.1, 0.5],
    [0.1, 0.5],
    [0.1, 0.5],
    [0.1, 0.5],
    [0.1, 0.5],
    [0.1, 0.5],
  ],
  LinearLR: [
    [0.025, 0.125],
    [0.0375, 0.1875],
    [0.05, 0.25],
    [0.0625, 0.3125],
    [0.075, 0.375],
    [0.075, 0.375],
    [0.075, 0.375],
    [0.075, 0.375],
    [0.075, 0.375],
    [0.075, 0.375],
    [0.075, 0.375],
    [0.075, 0.375],
    [0.075, 0.375],
  ],
  PolynomialLR: [
    [0.1, 0.5],
    [0.0694444444444, 0.347222222222],
    [0.0444444444444, 0.222222222222],
    [0.025, 0.125],
    [0.0111111111111, 0.0555555555556],
    [0.00277777777778, 0.0138888888889],
    [0.0, 0.0],
    [0.0, 0.0],
    [0.0, 0.0],
    [0.0, 0.0],
    [0.0, 0.0],
    [0.0, 0.0],
    [0.0, 0.0],
  ],
  CosineAnnealingLR: [
    [0.1, 0.5],
    [0.0914057647469, 0.453209163622],
    [0.0689057647469, 0.330709163622],
    [0.0410942352531, 0.179290836378],
    [0.0185942352531, 0.0567908363781],
    [0.01, 0.01],
    [0.0185942352531, 0.0567908363781],
    [0.0410942352531, 0.179290836378],
    [0.0689057647469, 0.330709163622],
    [0.0914057647469, 0.453209163622],
    [0.1, 0.5],
    [0.0914057647469, 0.453209163622],
    [0.0689057647469, 0.330709163622],
  ],
  OneCycleLR: [
    [0.04, 0.02],
    [0.34978965422, 0.17489482711],
    [0.879285159122, 0.439642579561],
    [0.994415435451, 0.497207717725],
    [0.933012969841, 0.466506484921],
    [0.81174565395, 0.405872826975],
    [0.647378997695, 0.323689498848],
    [0.462637102667, 0.231318551333],
    [0.283060998209, 0.141530499104],
    [0.133477530189, 0.0667387650944],
    [0.0345669874254, 0.0172834937127],
    [4e-6, 2e-6],
    [0.0345669874254, 0.0172834937127],
  ],
  OneCycleLR3: [
    [0.04, 0.04],
    [0.409230769231, 0.409230769231],
    [0.778461538462, 0.778461538462],
    [0.852307692308, 0.852307692308],
    [0.483076923077, 0.483076923077],
    [0.113846153846, 0.113846153846],
    [0.0344833103448, 0.0344833103448],
    [0.0275874482759, 0.0275874482759],
    [0.0206915862069, 0.0206915862069],
    [0.0137957241379, 0.0137957241379],
    [0.00689986206897, 0.00689986206897],
    [4e-6, 4e-6],
    [-0.00689186206897, -0.00689186206897],
  ],
  SequentialLR: [
    [0.01, 0.05],
    [0.01, 0.05],
    [0.1, 0.5],
    [0.1, 0.5],
    [0.09, 0.45],
    [0.081, 0.405],
    [0.0729, 0.3645],
    [0.06561, 0.32805],
    [0.059049, 0.295245],
    [0.0531441, 0.2657205],
    [0.04782969, 0.23914845],
    [0.043046721, 0.215233605],
    [0.0387420489, 0.1937102445],
  ],
  ReduceLROnPlateau: [
    [0.1, 0.5],
    [0.1, 0.5],
    [0.1, 0.5],
    [0.1, 0.5],
    [0.1, 0.5],
    [0.05, 0.25],
    [0.05, 0.25],
    [0.05, 0.25],
    [0.025, 0.125],
    [0.025, 0.125],
    [0.025, 0.125],
    [0.025, 0.125],
    [0.02, 0.0625],
  ],
};

const figures = [3, 1, 0.9, 0.91, 0.92, 0.95, 0.95, 0.95, 0.95, 0.2, 0.3, 0.3];

function optimizerOfTwo(): optim.SGD {
  const [a, b] = [torch.zeros(2).requiresGrad_(), torch.zeros(2).requiresGrad_()];
  return new optim.SGD([{ params: [a] }, { params: [b], lr: 0.5 }], { lr: 0.1, momentum: 0.9 });
}

interface Schedule {
  step(figure?: number): void;
  getLastLr(): number[];
}

const makers: Record<string, (o: optim.SGD) => Schedule> = {
  MultiStepLR: (o) => new lrScheduler.MultiStepLR(o, [2, 5, 5]),
  ExponentialLR: (o) => new lrScheduler.ExponentialLR(o, 0.9),
  LambdaLR: (o) => new lrScheduler.LambdaLR(o, [(e) => 0.95 ** e, (e) => 1 / (e + 1)]),
  ConstantLR: (o) => new lrScheduler.ConstantLR(o, 0.5, 4),
  LinearLR: (o) => new lrScheduler.LinearLR(o, { startFactor: 0.25, endFactor: 0.75, totalIters: 4 }),
  PolynomialLR: (o) => new lrScheduler.PolynomialLR(o, 6, 2),
  CosineAnnealingLR: (o) => new lrScheduler.CosineAnnealingLR(o, 5, { etaMin: 0.01 }),
  OneCycleLR: (o) => new lrScheduler.OneCycleLR(o, [1, 0.5], { totalSteps: 12 }),
  OneCycleLR3: (o) =>
    new lrScheduler.OneCycleLR(o, {
      maxLr: 1,
      epochs: 4,
      stepsPerEpoch: 3,
      threePhase: true,
      annealStrategy: 'linear',
    }),
  SequentialLR: (o) =>
    new lrScheduler.SequentialLR(
      o,
      [new lrScheduler.ConstantLR(o, 0.1, 2), new lrScheduler.ExponentialLR(o, 0.9)],
      [3],
    ),
  ReduceLROnPlateau: (o) => {
    const options = { factor: 0.5, patience: 1, cooldown: 1, minLr: 0.02 };
    const plateau = new lrScheduler.ReduceLROnPlateau(o, 'min', options);
    return { step: (figure) => plateau.step(figure!), getLastLr: () => plateau.getLastLr() };
  },
};

describe('lrScheduler', () => {
  for (const [name, make] of Object.entries(makers)) {
    it(`${name}: the rates of Python`, () => {
      const optimizer = optimizerOfTwo();
      const scheduler = make(optimizer);
      expected[name]!.forEach((rates, i) => {
        if (i > 0) {
          optimizer.step();
          if (name === 'ReduceLROnPlateau') scheduler.step(figures[i - 1]);
          else scheduler.step();
        }
        scheduler.getLastLr().forEach((rate, group) => {
          expect(rate, `group ${group}, step ${i}`).to.be.closeTo(rates[group]!, 1e-11);
          expect(optimizer.paramGroups[group]!.lr).to.equal(rate);
        });
      });
    });
  }

  it("a state dict under Python's names carries a schedule over", () => {
    const first = new lrScheduler.CosineAnnealingLR(optimizerOfTwo(), { TMax: 8 });
    for (let i = 0; i < 3; i++) {
      first.optimizer.step();
      first.step();
    }
    const state = first.stateDict();
    expect(state).to.include({ T_max: 8, eta_min: 0, last_epoch: 3, _step_count: 4 });
    const optimizer = optimizerOfTwo();
    const second = new lrScheduler.CosineAnnealingLR(optimizer, { TMax: 1 });
    optimizer.loadStateDict(first.optimizer.stateDict());
    second.loadStateDict(state);
    for (const scheduler of [first, second]) {
      scheduler.optimizer.step();
      scheduler.step();
    }
    expect(second.getLastLr()).to.deep.equal(first.getLastLr());
  });

  it('goes on from an epoch only where the groups know their first rate', () => {
    expect(() => new lrScheduler.StepLR(optimizerOfTwo(), 2, 0.1, 3)).to.throw(torch.ValueError, 'initialLr');
  });

  it('refuses what is no optimizer and options that are none', () => {
    expect(() => new lrScheduler.StepLR({} as never, 2)).to.throw(TypeError, 'not an Optimizer');
    expect(() => new lrScheduler.StepLR(optimizerOfTwo(), {} as never)).to.throw(TypeError, 'stepSize');
    expect(() => new lrScheduler.StepLR(optimizerOfTwo(), 0)).to.throw(torch.ValueError, 'stepSize');
    expect(() => new lrScheduler.LinearLR(optimizerOfTwo(), { startFactor: 0 })).to.throw(torch.ValueError);
    expect(() => new lrScheduler.OneCycleLR(optimizerOfTwo(), 1)).to.throw(torch.ValueError, 'total_steps');
  });
});
