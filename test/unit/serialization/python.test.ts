import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { nn } from 'torchts';
import { inFolder } from './files.js';

const python = process.env.TORCHTS_PYTHON;

/** What Python prints. */
function run(script: string, ...args: string[]): string {
  return execFileSync(python!, ['-W', 'ignore', '-c', script, ...args], { encoding: 'utf8' }).trim();
}

/**
 * Our files in Python itself. Runs where TORCHTS_PYTHON names a Python with torch (and safetensors for
 * its part); the fixtures of this folder and of test/parity hold the other direction without it.
 */
describe('files read by Python (TORCHTS_PYTHON)', function () {
  this.timeout(120_000);
  before(function () {
    if (!python) this.skip();
  });

  it('values and tensors of every kind, with weights_only', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'value.pth');
      const base = torch.arange(12, { dtype: 'float32' }).view(3, 4);
      const shared = [1, 2];
      await torch.save(
        {
          int: 7,
          minus: -70000,
          wide: 2 ** 40,
          big: 2n ** 60n,
          float: 0.1,
          whole: 3,
          no: false,
          none: null,
          text: 'Grüße 🌍 a\ud800b',
          list: [1, [2, 'x']],
          map: new Map<unknown, unknown>([
            [0, 'a'],
            ['b', 0.5],
          ]),
          set: new Set([1, 2]),
          bytes: Uint8Array.of(0, 255),
          z: { re: 1.5, im: -2 },
          device: torch.device('cuda:1'),
          one: shared,
          same: shared,
          base,
          row: base.index(1),
          turned: base.t(),
          scalar: torch.tensor(2.5),
          empty: torch.zeros(0, 3),
          half: torch.tensor([1.5]).half(),
          bf: torch.tensor([1.5]).bfloat16(),
          bool: torch.tensor([true, false]),
          u16: torch.tensor([65535]).to('uint16'),
          f8: torch.tensor([1.5]).to('float8_e4m3fn'),
          complex: torch.tensor([{ re: 1, im: 2 }]).conj(),
          coo: torch.ops.aten!.to_sparse!(torch.eye(2)),
          csr: torch.ops.aten!.to_sparse_csr!(torch.eye(2)),
          meta: torch.empty(2, 3, { device: 'meta' }),
          parameter: new nn.Parameter(torch.ones(2)),
          leaf: torch.ones(2, { requiresGrad: true }),
        },
        path,
      );
      const script = `
import sys, torch
from torch import nn
from torch.utils.serialization import config
for calculate in (False, True):
    config.load.calculate_storage_offsets = calculate
    for options in ({}, {"mmap": True}):
        v = torch.load(sys.argv[1], weights_only=True, **options)
assert (v["int"], v["minus"], v["wide"], v["big"], v["float"], v["whole"]) == (7, -70000, 2**40, 2**60, 0.1, 3)
assert type(v["whole"]) is int and type(v["float"]) is float and v["no"] is False and v["none"] is None
assert v["text"] == "Grüße 🌍 a\\ud800b" and v["list"] == [1, [2, "x"]] and v["map"] == {0: "a", "b": 0.5} and v["set"] == {1, 2}
assert v["bytes"] == b"\\x00\\xff" and v["z"] == 1.5 - 2j and v["device"] == torch.device("cuda:1") and v["one"] is v["same"]
base = torch.arange(12.0).view(3, 4)
assert v["base"].equal(base) and v["row"].equal(base[1]) and v["turned"].equal(base.t()) and v["turned"].stride() == (1, 4)
v["base"].fill_(7); assert (v["row"] == 7).all() and (v["turned"] == 7).all()
assert v["scalar"].item() == 2.5 and v["scalar"].shape == () and v["empty"].shape == (0, 3)
assert v["half"].dtype == torch.float16 and v["bf"].dtype == torch.bfloat16 and v["half"].item() == v["bf"].item() == 1.5
assert v["bool"].tolist() == [True, False] and v["u16"].dtype == torch.uint16 and v["u16"].tolist() == [65535]
assert v["f8"].dtype == torch.float8_e4m3fn and v["f8"].float().item() == 1.5
assert v["complex"].is_conj() and v["complex"].tolist() == [1 - 2j]
assert v["coo"].to_dense().equal(torch.eye(2)) and v["coo"].is_coalesced() and v["csr"].to_dense().equal(torch.eye(2)) and v["csr"].layout == torch.sparse_csr
assert v["meta"].is_meta and v["meta"].shape == (2, 3)
assert isinstance(v["parameter"], nn.Parameter) and v["parameter"].requires_grad and v["leaf"].requires_grad
print(list(v)[:3])
`;
      expect(run(script, path)).to.equal("['int', 'minus', 'wide']");
    });
  });

  it('a state dict in the same module of Python', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'model.pth');
      torch.manualSeed(3);
      const model = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 2));
      await torch.save(model.stateDict(), path);
      const script = `
import sys, torch
from torch import nn
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
print(model.load_state_dict(torch.load(sys.argv[1])))
with torch.no_grad():
    print(model(torch.ones(1, 3)).tolist())
`;
      const [keys, output] = run(script, path).split('\n');
      expect(keys).to.equal('<All keys matched successfully>');
      const [row] = JSON.parse(output!) as number[][];
      const ours = model(torch.ones(1, 3)).tolist()[0] as number[];
      for (const [i, value] of row!.entries()) expect(ours[i]).to.be.closeTo(value, 1e-6);
    });
  });

  it('many storages at their offsets, and bytes in memory', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'many.pth');
      await torch.save(
        Array.from({ length: 300 }, (_, i) => torch.full([i], i)),
        path,
      );
      const script = `
import sys, torch
from torch.utils.serialization import config
config.load.calculate_storage_offsets = True
v = torch.load(sys.argv[1], mmap=True)
assert all(t.numel() == i and (t == i).all() for i, t in enumerate(v))
import zipfile
print(zipfile.ZipFile(sys.argv[1]).testzip(), len(v))
`;
      expect(run(script, path)).to.equal('None 300');
    });
  });

  it('safetensors', async function () {
    try {
      run('import safetensors.torch');
    } catch {
      this.skip(); // that Python has no safetensors
    }
    await inFolder(async (folder) => {
      const path = join(folder, 'x.safetensors');
      const tensors = {
        w: torch.arange(6, { dtype: 'float32' }).view(2, 3),
        h: torch.tensor([1.5]).half(),
        i: torch.tensor([7n]),
      };
      await torch.safetensors.saveFile(tensors, path, { format: 'pt' });
      const script = `
import sys, safetensors.torch
v = safetensors.torch.load_file(sys.argv[1])
print(sorted(v), v["w"].tolist(), v["h"].item(), v["i"].item(), safetensors.safe_open(sys.argv[1], "pt").metadata())
`;
      expect(run(script, path)).to.equal(
        "['h', 'i', 'w'] [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] 1.5 7 {'format': 'pt'}",
      );
    });
  });
});
