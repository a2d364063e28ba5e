import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Setting } from '../../../../scripts/bench/child.js';
import { evaluate } from '../../../../scripts/bench/rows.js';
import { runBenchmark } from '../../../../scripts/bench/runner.js';
import type { Benchmark, RowResult } from '../../../../scripts/bench/types.js';

/** Stands for either side: says what its parameters tell it to, and notes that it ran. */
const program = `
import { appendFileSync } from 'node:fs';
const { params, threads, device, startedAt, work } = JSON.parse(process.argv[2]);
appendFileSync(process.env.FAKE_LOG, params.key + ' ' + threads + ' ' + device + ' ' + (Date.now() >= startedAt - 1) + '\\n');
if (params.crash) throw new TypeError('the fake is broken');
if (params.hang) setInterval(() => {}, 1000);
else if (params.refuse) console.log(JSON.stringify({ skip: params.refuse }));
else if (params.silent) console.log('nothing here');
else {
  console.log('Finished Training');
  const unit = params.unit ?? 'ms';
  const samples = [params.time, params.time * 1.5, params.time / 2];
  console.log(JSON.stringify({
    metrics: { step: { unit, samples }, 'ops/add': { unit, samples }, 'ops/mul': { unit, samples: [4 * params.time] } },
    results: { loss: [params.loss ?? 1] },
    peakBytes: params.time * 2 ** 20,
    threads: params.threads ?? threads,
    versions: {},
  }));
}
`;

describe('bench: a run', () => {
  let folder: string;
  let setting: Setting;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'torchts-bench-test-'));
    writeFileSync(join(folder, 'fake.mjs'), program);
    setting = {
      // Node stands for Python: no test needs one.
      python: process.execPath,
      threads: 3,
      device: 'cpu',
      inputs: folder,
      env: { ...process.env, FAKE_LOG: join(folder, 'log') },
      timeout: 30_000,
    };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  type Fake = Record<string, string | number | boolean>;

  function benchmark(ours: Fake, theirs: Fake, third?: Fake): Benchmark {
    const side = (key: string, runtime: 'node' | 'python', params: Fake) => ({
      label: key,
      runtime,
      program: join(folder, 'fake.mjs'),
      params: { key, ...params },
    });
    const row = { ours: 'a', theirs: third ? ['b', 'c'] : ['b'], target: 0.8 };
    return {
      name: 'fake',
      sides: {
        a: side('a', 'node', ours),
        b: side('b', 'python', theirs),
        ...(third && { c: side('c', 'python', third) }),
      },
      tolerance: { rtol: 1e-3, atol: 0 },
      rows: [
        { ...row, name: 'time', title: 'time', metric: { name: 'step' } },
        { ...row, name: 'ops', title: 'operators', metric: { group: 'ops' } },
        { ...row, name: 'peak', title: 'memory', metric: { peak: true } },
      ],
    };
  }

  async function rowsOf(what: Benchmark, rounds = 1): Promise<RowResult[]> {
    return evaluate(what, await runBenchmark(what, { rounds, quick: false }, setting), 'cpu');
  }

  const log = (): string[] => readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');

  it('takes the sides in turn, with the same threads and device', async () => {
    await rowsOf(benchmark({ time: 1 }, { time: 2 }), 3);
    expect(log()).to.deep.equal(['a', 'b', 'a', 'b', 'a', 'b'].map((key) => `${key} 3 cpu true`));
  });

  it('gives medians, ratio and verdict', async () => {
    const [time, ops, peak] = await rowsOf(benchmark({ time: 6 }, { time: 10 }), 2);
    expect(time).to.deep.include({ status: 'ok', unit: 'ms', met: true, higherIsBetter: false, target: 0.8 });
    if (time?.status !== 'ok' || ops?.status !== 'ok' || peak?.status !== 'ok') throw new Error('not ok');
    expect([time.ours.median, time.theirs.median, time.ratio.median]).to.deep.equal([6, 10, 0.6]);
    expect(time.ours.values).to.have.length(2);
    // The geometric mean of 6 and 24.
    expect(ops.ours.median).to.be.closeTo(12, 1e-9);
    expect(ops.detail).to.deep.equal({
      add: { ours: 6, theirs: 10, ratio: 0.6 },
      mul: { ours: 24, theirs: 40, ratio: 0.6 },
    });
    expect([peak.unit, peak.ours.median]).to.deep.equal(['MiB', 6]);
  });

  it('misses a target in the other direction where more is better', async () => {
    const unit = 'images/s';
    const [slow] = await rowsOf(benchmark({ time: 6, unit }, { time: 10, unit }));
    expect(slow).to.include({ status: 'ok', met: false, higherIsBetter: true });
    const [fast] = await rowsOf(benchmark({ time: 9, unit }, { time: 10, unit }));
    expect(fast).to.include({ status: 'ok', met: true });
  });

  it('compares with the better of several sides', async () => {
    const [time] = await rowsOf(benchmark({ time: 6 }, { time: 10 }, { time: 7 }));
    if (time?.status !== 'ok') throw new Error('not ok');
    expect([time.theirs.label, time.theirs.median, time.met]).to.deep.equal(['c', 7, false]);
    const unit = 'images/s';
    const [images] = await rowsOf(benchmark({ time: 6, unit }, { time: 10, unit }, { time: 7, unit }));
    if (images?.status !== 'ok') throw new Error('not ok');
    expect(images.theirs.label).to.equal('b');
  });

  it('fails where results differ, however fast it was', async () => {
    const rows = await rowsOf(benchmark({ time: 1, loss: 1.1 }, { time: 10 }));
    for (const row of rows) expect(row).to.include({ status: 'failed' });
    expect(rows[0]).to.have.property('reason').that.contains('results differ: loss[0] is 1.1 against 1');
  });

  it('fails where a side has other threads', async () => {
    const [row] = await rowsOf(benchmark({ time: 1 }, { time: 10, threads: 16 }));
    expect(row).to.have.property('reason').that.contains('threads: 3 against 16');
  });

  it('says what a side that crashed, hung or said nothing had to say, and starts nothing in vain', async () => {
    const [row] = await rowsOf(benchmark({ time: 1 }, { time: 1, crash: true }), 3);
    expect(row).to.include({ status: 'failed' });
    expect(row).to.have.property('reason', 'b ended with code 1: TypeError: the fake is broken');
    expect(log()).to.have.length(2);
    const [silent] = await rowsOf(benchmark({ time: 1 }, { time: 1, silent: true }));
    expect(silent).to.have.property('reason').that.contains('no line with results');
    setting = { ...setting, timeout: 1500 };
    const [hung] = await rowsOf(benchmark({ time: 1, hang: true }, { time: 1 }));
    expect(hung).to.have.property('reason', 'a was ended by SIGKILL');
  });

  it('leaves out what cannot run here, with the reason', async () => {
    const [row] = await rowsOf(benchmark({ time: 1, refuse: 'no torch.jit' }, { time: 1 }), 2);
    expect(row).to.include({ status: 'skipped', reason: 'no torch.jit' });
    expect(log()).to.have.length(1);
    const what = benchmark({ time: 1 }, { time: 1 });
    const plan = { rounds: 1, quick: false, absent: { b: 'no network' } };
    const rows = evaluate(what, await runBenchmark(what, plan, setting), 'cpu');
    expect(rows[0]).to.include({ status: 'skipped', reason: 'no network' });
  });

  it('a program that is not there, or no interpreter, is a failure and no crash', async () => {
    const what = benchmark({ time: 1 }, { time: 1 });
    const gone = { ...what, sides: { ...what.sides, a: { ...what.sides.a!, program: '/nowhere/x.mjs' } } };
    expect((await rowsOf(gone))[0]).to.have.property('reason', '/nowhere/x.mjs is not there');
    setting = { ...setting, python: '/nowhere/python' };
    expect((await rowsOf(what))[0])
      .to.have.property('reason')
      .that.contains('could not be started');
  });

  it('quick runs take their own parameters and at most their own rounds', async () => {
    const what: Benchmark = {
      ...benchmark({ time: 1 }, { time: 2 }),
      params: { loss: 5 },
      quick: { loss: 7 },
      quickRounds: 1,
    };
    const outcomes = await runBenchmark(what, { rounds: 4, quick: true }, setting);
    expect(outcomes.a).to.have.length(1);
    expect(outcomes.a).to.have.nested.property('[0].results.loss[0]', 7);
  });
});
