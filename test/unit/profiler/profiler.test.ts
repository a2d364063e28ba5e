import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import * as torch from 'torchts';
import { models, nn, optim, profiler } from 'torchts';
import { askChild } from '../../support/child.js';
import { rejected, thrown } from '../../support/errors.js';

interface TraceEvent {
  ph: string;
  name: string;
  cat?: string;
  ts: number;
  dur?: number;
}
interface Trace {
  traceEvents: TraceEvent[];
  [key: string]: unknown;
}

const { ProfilerAction, ProfilerActivity, profile, recordFunction, schedule } = profiler;
const counts = (prof: profiler.Profile): Record<string, number> =>
  Object.fromEntries(prof.keyAverages().map((row) => [row.key, row.count]));

describe('profiler', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'torchts-profiler-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const read = (name: string): Trace => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Trace;

  it('adds up calls, times and who called whom', () => {
    const [a, b] = [torch.ones(8, 8), torch.ones(8, 8)];
    const prof = profile(() => {
      for (let i = 0; i < 3; i++) a.matmul(b);
    });
    const [outer, inner] = ['aten::matmul', 'aten::mm'].map(
      (key) => prof.keyAverages().find((row) => row.key === key)!,
    );
    expect([outer!.count, inner!.count]).to.deep.equal([3, 3]);
    expect(outer!.cpuTimeTotal).to.be.at.least(inner!.cpuTimeTotal);
    expect(outer!.cpuTime).to.be.closeTo(outer!.cpuTimeTotal / 3, 1e-9);
    expect(outer!.selfCpuTimeTotal).to.be.below(outer!.cpuTimeTotal);
    const call = prof.events().find((event) => event.key === 'aten::mm')!;
    expect(call.cpuParent!.key).to.equal('aten::matmul');
    expect(call.timeRange.elapsedUs()).to.equal(call.cpuTimeTotal);
    const total = prof.events().totalAverage()!;
    expect(total.key).to.equal('Total');
    expect(total.selfCpuTimeTotal).to.be.closeTo(prof.events().selfCpuTimeTotal, 1e-6);
  });

  it('counts the memory that operators take', () => {
    const prof = profile({ profileMemory: true }, () => torch.empty(1000));
    const row = prof.keyAverages().find(({ key }) => key === 'aten::empty')!;
    expect([row.cpuMemoryUsage, row.selfCpuMemoryUsage]).to.deep.equal([4000, 4000]);
    expect(prof.keyAverages().table()).to.match(/CPU Mem {2}Self CPU Mem.*\n.*\n.*aten::empty.* 3\.91 KB/);
  });

  it('keeps shapes, dtypes and values of arguments', () => {
    const prof = profile({ recordShapes: true }, () => torch.cat([torch.ones(2, 3), torch.ones(1, 3)], 0));
    const event = prof.events().find(({ key }) => key === 'aten::cat')!;
    expect(event.inputShapes).to.deep.equal([[], []]);
    expect(event.structuredInputShapes).to.deep.equal([
      [
        [2, 3],
        [1, 3],
      ],
      [],
    ]);
    expect(event.inputDtypes).to.deep.equal(['TensorList', 'Scalar']);
    expect(event.concreteInputs[1]).to.equal(0);
  });

  it('prints a table in the order that was asked for', () => {
    const x = torch.ones(4);
    const prof = profile(() => {
      x.relu();
      x.sin();
      x.sin();
    });
    const text = prof.keyAverages().table({ sortBy: 'count', rowLimit: 1, header: 'Mine', timeUnit: 'us' });
    const lines = text.split('\n');
    expect(lines[1]).to.equal('Mine');
    expect(lines[3]).to.match(
      /^ +Name +Self CPU % +Self CPU +CPU total % +CPU total +CPU time avg +# of Calls/,
    );
    expect(lines[5]).to.match(/aten::sin .* 2 +$/);
    expect(lines[7]).to.match(/^Self CPU time total: \d+\.\d{3}us$/);
    expect(prof.keyAverages().table('self_cpu_time_total')).to.contain('aten::relu');
    expect(prof.events().table({ topLevelEventsOnly: true })).not.to.contain('aten::clamp_min');
    thrown(() => prof.keyAverages().table({ sortBy: 'name' }), torch.ArgumentError, /'selfCpuTimeTotal'/);
  });

  it('writes a Chrome trace of a training step that any reader of JSON takes', async () => {
    const model = await models.resnet18({ numClasses: 10 });
    const optimizer = new optim.Adam(model.parameters());
    const [x, y] = [torch.randn(2, 3, 32, 32), torch.tensor([1n, 2n])];
    const prof = profile({ recordShapes: true }, (prof) => {
      recordFunction('step "one"', () => {
        optimizer.zeroGrad();
        new nn.CrossEntropyLoss()(model(x), y).backward();
        optimizer.step();
      });
      prof.addMetadata('who', 'a "test"\\n');
      prof.addMetadataJson('more', '{"text":"a\\\\b","list":[1]}');
      thrown(() => prof.addMetadataJson('bad', '{'), torch.ArgumentError, /valid JSON/);
    });
    await prof.exportChromeTrace(join(folder, 'step.json'));
    const trace = read('step.json');
    // Kineto cannot escape: quotes and backslashes give way.
    expect(trace.who).to.equal("a 'test'/n");
    expect(trace.more).to.deep.equal({ text: 'a/b', list: [1] });
    expect(trace.trace_id).to.equal(prof.getTraceId());
    const operators = trace.traceEvents.filter(({ cat }) => cat === 'cpu_op');
    for (const { ph, ts, dur } of operators) {
      expect(ph).to.equal('X');
      expect(ts).to.be.above(0);
      expect(dur).to.be.at.least(0);
    }
    const named = (name: string): number => operators.filter((event) => event.name === name).length;
    expect([named('aten::conv2d'), named('aten::batch_norm')]).to.deep.equal([20, 20]);
    expect(named('ConvolutionBackward0')).to.equal(20);
    expect(trace.traceEvents.some(({ cat }) => cat === 'user_annotation')).to.equal(true);
    await rejected(prof.exportChromeTrace(join(folder, 'b.json')), torch.TorchError, /already.*copy/);
  });

  it('packs a trace, and says where it cannot write before the trace is lost', async () => {
    const prof = profile(() => torch.ones(2));
    await rejected(prof.exportChromeTrace(join(folder, 'no', 'a.json')), torch.TorchError, /folder/);
    await prof.exportChromeTrace(join(folder, 'a.json.gz'));
    const trace = JSON.parse(gunzipSync(readFileSync(join(folder, 'a.json.gz'))).toString()) as Trace;
    expect(trace.traceEvents.map(({ name }) => name)).to.include('aten::ones');
  });

  it('follows a schedule, and hands each cycle over', async () => {
    const seen: [number, Record<string, number>][] = [];
    const prof = await profile(
      {
        schedule: schedule({ wait: 1, warmup: 1, active: 2, repeat: 2 }),
        onTraceReady: (prof) => seen.push([prof.stepNum, counts(prof)]),
      },
      async (prof) => {
        for (let step = 0; step < 10; step++) {
          await sleep(0);
          torch.ones(2).sin();
          prof.step();
        }
      },
    );
    expect(seen.map(([step]) => step)).to.deep.equal([4, 8]);
    for (const [, rows] of seen) {
      expect(rows['aten::sin']).to.equal(2);
      expect(rows['ProfilerStep*']).to.equal(2);
    }
    expect(prof.currentAction).to.equal(ProfilerAction.NONE);
  });

  it('keeps the events of all cycles on request', () => {
    const prof = profile({ accEvents: true, schedule: () => ProfilerAction.RECORD_AND_SAVE }, (prof) => {
      torch.ones(2).sin();
      prof.step();
      torch.ones(2).sin();
    });
    expect(counts(prof)['aten::sin']).to.equal(2);
  });

  it('writes traces for TensorBoard from an async callback', async () => {
    const logs = join(folder, 'logs');
    await profile(
      {
        schedule: schedule({ wait: 0, warmup: 1, active: 1 }),
        onTraceReady: profiler.tensorboardTraceHandler(logs, 'me', { useGzip: true }),
      },
      async (prof) => {
        for (let step = 0; step < 4; step++) {
          torch.ones(2);
          prof.step();
        }
      },
    );
    const files = readdirSync(logs);
    expect(files).to.have.length(2);
    for (const file of files) expect(file).to.match(/^me\.\d+\.pt\.trace\.json\.gz$/);
  });

  it('labels async callbacks, gives their result and closes with their errors', async () => {
    const results: unknown[] = [];
    const prof = await profile(async () => {
      results.push(
        await recordFunction('outer', { args: 'text' }, async () => {
          await sleep(1);
          return torch.ones(2).sin().numel();
        }),
      );
      await rejected(
        recordFunction('fails', async () => {
          await sleep(0);
          throw new RangeError('mine');
        }),
        RangeError,
      );
    });
    expect(results).to.deep.equal([2]);
    const event = prof.events().find(({ key }) => key === 'aten::sin')!;
    expect(event.cpuParent!.key).to.equal('outer');
    expect(counts(prof).fails).to.equal(1);
    expect(recordFunction('nobody listens', () => 7)).to.equal(7);
  });

  it('ends labels with their recording', async () => {
    let open: Promise<void> | undefined;
    const first = profile(() => {
      open = recordFunction('late', () => sleep(5));
    });
    const second = profile(() => torch.ones(1));
    await open;
    expect(counts(first).late).to.equal(1);
    expect(counts(second)).not.to.have.property('late');
  });

  it('stops where the callback throws or rejects', async () => {
    thrown(
      () =>
        profile(() => {
          throw new RangeError('mine');
        }),
      RangeError,
      /mine/,
    );
    await rejected(
      profile(async () => {
        await sleep(0);
        throw new RangeError('mine');
      }),
      RangeError,
    );
    await rejected(
      profile({ onTraceReady: () => Promise.reject(new RangeError('handler')) }, async () => {}),
      RangeError,
      /handler/,
    );
    expect(counts(profile(() => torch.ones(1).sin()))['aten::sin']).to.equal(1);
  });

  it('records one profiler at a time', () => {
    const first = new profiler.Profile();
    first.start();
    torch.ones(1).sin();
    const error = thrown(
      () => new profiler.Profile().start(),
      torch.TorchError,
      /another profiler.*stop\(\)/,
    );
    expect((error as torch.TorchError).code).to.equal('ERR_TORCH');
    thrown(() => first.start(), torch.TorchError, /started already/);
    first.stop();
    expect(counts(first)['aten::sin']).to.equal(1);
    thrown(() => first.stop(), torch.TorchError, /not started/);
    thrown(() => first.step(), torch.TorchError, /not started/);
  });

  it('goes on without a CUDA device, with a warning as in Python', function () {
    if (torch.cuda.isAvailable()) this.skip(); // the device is there: nothing to warn of
    const warnings: string[] = [];
    const { emitWarning } = process;
    process.emitWarning = (warning: string | Error): void => void warnings.push(String(warning));
    try {
      const both = [ProfilerActivity.CPU, ProfilerActivity.CUDA];
      expect(counts(profile({ activities: both }, () => torch.ones(1)))['aten::ones']).to.equal(1);
      expect(warnings).to.deep.equal(['CUDA is not available, disabling CUDA profiling']);
      thrown(() => profile({ activities: ['CUDA'] }, () => {}), torch.ValueError, /ProfilerActivity\.CPU/);
    } finally {
      process.emitWarning = emitWarning;
    }
    expect([...profiler.supportedActivities()]).to.deep.equal(['CPU']);
  });

  it('refuses arguments that mean nothing', () => {
    const bad = <T>(value: unknown): T => value as T;
    thrown(() => profile(bad({})), torch.ArgumentError, /expects a function/);
    thrown(() => new profiler.Profile(bad({ shapes: true })), torch.ArgumentError, /'recordShapes'/);
    thrown(() => new profiler.Profile({ recordShapes: bad(1) }), torch.ArgumentError, /boolean/);
    thrown(() => new profiler.Profile({ activities: [] }), torch.ValueError, /no activities/);
    thrown(() => new profiler.Profile({ activities: ['CPU', 'CPU'] }), torch.ValueError, /more than once/);
    thrown(() => new profiler.Profile({ activities: bad(['TPU']) }), torch.ArgumentError, /TPU/);
    thrown(() => new profiler.Profile({ withStack: true }), torch.NotImplementedError, /--cpu-prof/);
    thrown(() => new profiler.Profile({ schedule: bad(() => 3) }), torch.ArgumentError, /must answer/);
    thrown(() => new profiler.Profile().events(), torch.TorchError, /nothing is recorded/);
    thrown(() => schedule(bad({ wait: 1, warmup: 1 })), torch.ArgumentError, /'active'/);
    thrown(() => schedule({ wait: 1, warmup: 1, active: 0 }), torch.ValueError, /from 1 on/);
    thrown(() => recordFunction(bad(3), () => {}), torch.ArgumentError, /'name'/);
  });

  it('hundreds of recordings leave neither memory nor files behind', async () => {
    const { early, late } = await askChild<{ early: number; late: number }>(
      'test/unit/profiler/children/loop.js',
      [],
      { nodeFlags: ['--expose-gc'] },
    );
    expect(late - early, 'growth, MiB').to.be.below(16);
  }).timeout(120_000);

  it('a worker that ends while it records gives the profiler back', async () => {
    const answer = await askChild<{ refused: string; count: number }>(
      'test/unit/profiler/children/worker.js',
    );
    expect(answer.refused).to.match(/of another thread/);
    expect(answer.count).to.equal(1);
  });
});
