import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { ValueError } from '../../../lib/errors.js';
import { ProgressBar, type ProgressOptions, type ProgressStream } from '../../../lib/training/progress.js';
import { bar, columnsOf, duration, number, rate } from '../../../lib/training/progress-format.js';

const esc = '\x1b';
const hide = `${esc}[?25l`;
const show = `${esc}[?25h`;
const clear = `\r${esc}[2K`;
/** What moves the cursor or changes how text looks. */
const controls = new RegExp(`(\\n|\\r|${esc}\\[[?\\d]*[a-zA-Z])`);

/** A stream that keeps what is written. */
class Recorder implements ProgressStream {
  readonly chunks: string[] = [];

  constructor(
    readonly isTTY = true,
    public columns = 80,
    private readonly target?: Recorder,
  ) {}

  write(chunk: string | Uint8Array): boolean {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    (this.target ?? this).chunks.push(text);
    return true;
  }

  get text(): string {
    return this.chunks.join('');
  }

  /** What a terminal shows: lines, where `\r` and the erasing of a line work as they do there. */
  get screen(): string[] {
    const lines = [''];
    for (const part of this.text.split(controls)) {
      if (part === '\n') lines.push('');
      else if (part === `${esc}[2K`) lines[lines.length - 1] = '';
      else if (part !== '\r' && !part.startsWith(esc)) lines[lines.length - 1] += part;
    }
    return lines;
  }
}

function setUp(options: ProgressOptions = {}, columns = 80) {
  const stderr = new Recorder(true, columns);
  const stdout = new Recorder(true, columns, stderr);
  let time = 0;
  const progress = new ProgressBar({
    total: 100,
    label: 'Epoch 1/10',
    stream: stderr,
    guard: [stdout, stderr],
    color: false,
    now: () => time,
    ...options,
  });
  return { stdout, stderr, progress, wait: (ms: number) => (time += ms) };
}

describe('ProgressBar on a terminal', () => {
  const term = process.env.TERM;
  before(() => {
    process.env.TERM = 'xterm';
  });
  after(() => {
    if (term === undefined) delete process.env.TERM;
    else process.env.TERM = term;
  });

  it('shows step, total, loss, rate and time left on one line', () => {
    const { stderr, progress, wait } = setUp();
    wait(1000);
    progress.update(25, { loss: 1.23456, samples: 800 });
    expect(stderr.text.startsWith(hide + clear)).to.equal(true);
    const line = stderr.screen[0]!;
    expect(line).to.match(/^Epoch 1\/10 █+░+ {2}25\/100 · loss 1\.2346 · 800 images\/s · 0:03 left$/);
    const [full, empty] = [line.match(/█/g)!.length, line.match(/░/g)!.length];
    expect(full / (full + empty)).to.be.closeTo(0.25, 0.05);
    progress.close();
  });

  it('draws at most ten times a second, and the last state on close', () => {
    const { stderr, progress, wait } = setUp();
    for (let step = 1; step <= 100; step++) {
      wait(10);
      progress.update(step, { loss: step });
    }
    expect(stderr.chunks.filter((chunk) => chunk.includes('/100'))).to.have.length(10);
    progress.close();
    expect(stderr.screen).to.have.length(2);
    expect(stderr.screen[0]).to.contain('100/100 · loss 100.0 · 0:01');
    expect(stderr.text.endsWith(show)).to.equal(true);
  });

  it('steps aside for lines of others, on both streams, and for its own log', () => {
    const { stderr, stdout, progress, wait } = setUp();
    wait(200);
    progress.update(1, { loss: 1 });
    stdout.write('Step [1/100]\n');
    stderr.write(Buffer.from('warning\n'));
    progress.log('saved');
    expect(stderr.screen.slice(0, 3)).to.deep.equal(['Step [1/100]', 'warning', 'saved']);
    expect(stderr.screen[3]).to.contain('1/100');
    progress.close();
    stdout.write('after\n');
    expect(stderr.screen.slice(4)).to.deep.equal(['after', '']);
  });

  it('waits until a line that someone began is finished', () => {
    const { stderr, stdout, progress, wait } = setUp();
    wait(200);
    progress.update(1);
    stdout.write('loading…');
    wait(200);
    progress.update(2);
    expect(stderr.screen).to.deep.equal(['loading…']);
    stdout.write(' done\n');
    expect(stderr.screen[0]).to.equal('loading… done');
    expect(stderr.screen[1]).to.contain('2/100');
    stdout.write('unfinished');
    progress.close();
    expect(stderr.screen[1]).to.equal('unfinished');
    expect(stderr.screen[2]).to.contain('2/100');
  });

  it('gives the streams back as they were, and the cursor once', () => {
    const { stderr, stdout, progress, wait } = setUp();
    const listeners = process.listenerCount('SIGINT');
    wait(200);
    progress.update(1);
    expect(Object.hasOwn(stdout, 'write')).to.equal(true);
    expect(process.listenerCount('SIGINT')).to.equal(listeners + 1);
    progress.close();
    progress.close();
    progress.update(2);
    expect([stdout, stderr].map((stream) => Object.hasOwn(stream, 'write'))).to.deep.equal([false, false]);
    expect(process.listenerCount('SIGINT')).to.equal(listeners);
    expect(stderr.text.split(show)).to.have.length(2);
  });

  it('lets a second bar run within, and goes on after it', () => {
    const { stderr, progress, wait } = setUp();
    wait(200);
    progress.update(1);
    const inner = new ProgressBar({
      total: 2,
      label: 'validation',
      stream: stderr,
      guard: [stderr],
      color: false,
      now: () => 1000,
    });
    inner.update(1);
    inner.update(2);
    inner.close();
    wait(200);
    progress.update(3);
    progress.close();
    expect(stderr.screen.map((line) => line.replace(/[█░ ]+/g, ' '))).to.deep.equal([
      'validation 2/2 · 0:00',
      'Epoch 1/10 3/100 · 0:00',
      '',
    ]);
  });

  it('never is wider than the terminal', () => {
    for (let columns = 1; columns <= 140; columns++) {
      const { stderr, progress, wait } = setUp({ label: '学習 Epoch 1/10' }, columns);
      wait(1000);
      progress.update(7, { loss: 0.5, samples: 100, metrics: { accuracy: 0.25 } });
      expect(columnsOf(stderr.screen[0]!), `${columns} columns`).to.be.lessThan(Math.max(columns, 2));
      progress.close();
    }
  });

  it('has colours unless NO_COLOR is set', () => {
    const drawn = (environment: string | undefined): string => {
      const saved = process.env.NO_COLOR;
      if (environment === undefined) delete process.env.NO_COLOR;
      else process.env.NO_COLOR = environment;
      try {
        const { stderr, progress, wait } = setUp({ color: undefined });
        wait(200);
        progress.update(50);
        progress.close();
        return stderr.text;
      } finally {
        if (saved === undefined) delete process.env.NO_COLOR;
        else process.env.NO_COLOR = saved;
      }
    };
    expect(drawn(undefined)).to.contain(`${esc}[36m`);
    expect(drawn('1')).not.to.contain(`${esc}[36m`);
  });

  it('vanishes with clear, and counts without a total', () => {
    const { stderr, progress, wait } = setUp({ total: undefined, clear: true });
    wait(500);
    progress.update(5, { samples: 50 });
    expect(stderr.screen[0]).to.equal('Epoch 1/10 step 5 · 100 images/s');
    progress.close();
    expect(stderr.screen).to.deep.equal(['']);
  });

  it('reckons rate and time left from the last seconds', () => {
    const { stderr, progress, wait } = setUp();
    wait(60_000);
    progress.update(10, { samples: 100 });
    for (let step = 11; step <= 50; step++) {
      wait(1000);
      progress.update(step, { samples: step * 10 });
    }
    expect(stderr.screen[0]).to.contain('10.0 images/s · 0:50 left');
    progress.close();
    expect(stderr.screen[0]).to.contain('5.00 images/s · 1:40');
  });
});

describe('ProgressBar elsewhere', () => {
  it('prints plain lines now and then', () => {
    const stream = new Recorder(false);
    const { progress, wait } = setUp({ stream, plainInterval: 10 });
    for (let step = 1; step <= 25; step++) {
      wait(1000);
      progress.update(step, { loss: 0.5, samples: step * 32 });
    }
    progress.close();
    expect(stream.text.split('\n')).to.deep.equal([
      'Epoch 1/10: 10/100 (10%), loss 0.5000, 32.0 images/s, 1:30 left',
      'Epoch 1/10: 20/100 (20%), loss 0.5000, 32.0 images/s, 1:20 left',
      'Epoch 1/10: 25/100 (25%), loss 0.5000, 32.0 images/s, 0:25',
      '',
    ]);
  });

  it('prints nothing with plainInterval 0, but logs', () => {
    const stream = new Recorder(false);
    const { progress, wait } = setUp({ stream, plainInterval: 0 });
    wait(1e6);
    progress.update(1, { loss: 0.5 });
    progress.log('a line');
    progress.close();
    expect(stream.text).to.equal('a line\n');
  });

  it('refuses what cannot be meant', () => {
    for (const wrong of [{ total: -1 }, { total: Number.NaN }, { plainInterval: -1 }, { maxRate: 0 }]) {
      expect(() => new ProgressBar(wrong)).to.throw(ValueError);
    }
  });
});

describe('ProgressBar at the end of the process', () => {
  function run(end: string) {
    const url = new URL('../../../lib/training/progress.js', import.meta.url).href;
    const program = `
      import { ProgressBar } from ${JSON.stringify(url)};
      process.stderr.isTTY = true;
      const bar = new ProgressBar({ total: 2 });
      bar.update(1);
      ${end}`;
    return spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      env: { ...process.env, TERM: 'xterm' },
    });
  }

  it('brings the cursor back after an error', () => {
    const { stderr, status } = run('process.exit(3);');
    expect(status).to.equal(3);
    expect(stderr.startsWith(hide)).to.equal(true);
    expect(stderr.endsWith(show)).to.equal(true);
  });

  it('brings the cursor back and still dies of a signal', () => {
    const { stderr, signal } = run("process.kill(process.pid, 'SIGINT'); setInterval(() => {}, 1000);");
    expect(signal).to.equal('SIGINT');
    expect(stderr.endsWith(show)).to.equal(true);
  });

  it("leaves a signal to the program's own listener", () => {
    const { stdout, stderr, status } = run(`
      process.on('SIGINT', () => { bar.close(); console.log('in order'); process.exit(130); });
      process.kill(process.pid, 'SIGINT'); setInterval(() => {}, 1000);`);
    expect([status, stdout]).to.deep.equal([130, 'in order\n']);
    expect(stderr.split(show)).to.have.length(2);
  });
});

describe('text of a progress line', () => {
  it('formats numbers and times', () => {
    expect([0, 1.5, 12.34, 1234.5, 1e-5, 2e7, Number.NaN].map(number)).to.deep.equal([
      '0.0000',
      '1.5000',
      '12.3',
      '1235',
      '1.00e-5',
      '2.00e+7',
      'NaN',
    ]);
    expect([0.123, 45.67, 123.4].map(rate)).to.deep.equal(['0.12', '45.7', '123']);
    expect([0, 59.6, 3599, 3661, Infinity].map(duration)).to.deep.equal([
      '0:00',
      '1:00',
      '59:59',
      '1:01:01',
      '?',
    ]);
    expect(bar(0.5, 4, false)).to.equal('██░░');
    expect([bar(-1, 2, false), bar(2, 2, false)]).to.deep.equal(['░░', '██']);
    expect(['abc', '学習', 'é', '🚀'].map(columnsOf)).to.deep.equal([3, 4, 1, 2]);
  });
});
