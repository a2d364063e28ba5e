/** The same model by onnxruntime-node, another way to run a model in Node. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { answer, sample } from './side.js';

type Params = { batch: number; samples: number; warmup: number; onnxruntime: string };

/** The part of onnxruntime-node that is used here. */
interface Runtime {
  InferenceSession: {
    create(path: string, options: object): Promise<{ run(feeds: object): Promise<Record<string, Values>> }>;
  };
  Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Values;
}

interface Values {
  data: Float32Array;
}

await answer<Params>(async ({ params, inputs: folder, threads }) => {
  const require = createRequire(join(params.onnxruntime, 'package.json'));
  const runtime = require('onnxruntime-node') as Runtime;
  const { version } = require('onnxruntime-node/package.json') as { version: string };
  const dims = [params.batch, 3, 224, 224];
  const bytes = readFileSync(join(folder, 'resnet18', 'images.bin'));
  const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset)).slice(
    0,
    dims.reduce((a, b) => a * b),
  );
  const images = new runtime.Tensor('float32', data, dims);

  const file = join(folder, 'resnet18-onnx', `batch-${params.batch}.onnx`);
  const session = await runtime.InferenceSession.create(file, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  });
  let logits: Float32Array = new Float32Array();
  const samples = await sample(params.samples, params.warmup, async () => {
    logits = (await session.run({ images })).logits!.data;
  });
  let [sum, magnitude] = [0, 0];
  for (const value of logits) {
    sum += value;
    magnitude += Math.abs(value);
  }
  return {
    metrics: { forward: { unit: 'ms', samples } },
    results: { logits: [sum, magnitude], first: [...logits.subarray(0, 8)] },
    threads,
    versions: { 'onnxruntime-node': version, node: process.version },
  };
});
