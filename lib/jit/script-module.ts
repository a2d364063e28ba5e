/** Modules of TorchScript, called as any other module. */
import type { ScriptHandle } from '../bindings.js';
import { NotImplementedError } from '../errors.js';
import { native } from '../native.js';
import { Module } from '../nn/module.js';
import { Parameter } from '../nn/parameter.js';
import { fromNative } from '../ops/invoke.js';
import { syncMode } from '../ops/mode.js';
import { Tensor } from '../tensor/index.js';
import { toNative } from './values.js';

/** What an instance keeps beside its members; under a symbol, as members are found by their names. */
interface Inside {
  readonly handle: ScriptHandle;
  readonly names: string[];
  readonly info: ReturnType<typeof native.jitInfo>;
}

const inside = Symbol('torchts.ScriptModule');

type Carrier = { [inside]: Inside };

/** @internal The native module. */
export const scriptHandle = (module: ScriptModule): ScriptHandle =>
  (module as unknown as Carrier)[inside].handle;

/**
 * A module that runs in TorchScript's interpreter: what {@link trace}, {@link load}, {@link freeze} and
 * {@link optimizeForInference} give.
 *
 * It is a `Module`: callable, with parameters, buffers, `stateDict()`, `train()`, `eval()` and `to()`.
 * The parameters of a traced module are those of the module that was traced.
 * Source: torch.jit.ScriptModule.
 */
// biome-ignore lint/suspicious/noExplicitAny: what it takes and gives was decided when it was made
export class ScriptModule<I extends any[] = any[], O = any> extends Module<I, O> {
  /** @internal `original` is the module that the native one was made from, with its very tensors. */
  constructor(handle: ScriptHandle, original?: Module) {
    super();
    const info = native.jitInfo(handle);
    Object.defineProperty(this, inside, { value: { handle, names: [], info } satisfies Inside });
    this.training = info.training;
    for (const [kind, name, value] of native.jitMembers(handle)) {
      if (kind === 'module') {
        const child = original?.getSubmodule(name);
        this.registerModule(name, new ScriptModule(value, child));
      } else if (kind === 'buffer') {
        this.registerBuffer(name, original ? original.getBuffer(name) : new Tensor(value));
      } else if (original) this.registerParameter(name, original.getParameter(name));
      // The very tensor, so that its gradients arrive where the interpreter computes them.
      else this.registerParameter(name, Reflect.construct(Tensor, [value], Parameter) as Parameter);
    }
  }

  /** Runs the module; what it takes is decided by its schema. @throws ArgumentError for other inputs. */
  override forward(...inputs: I): O {
    this.#callable();
    syncMode();
    return fromNative(native.jitForward(scriptHandle(this), ...inputs.map(toNative))) as O;
  }

  /**
   * Runs the module on a native thread: the event loop stays free, and several calls run at once, as many
   * as libuv has threads (`UV_THREADPOOL_SIZE`, default 4). Grad mode and autocast of the caller hold.
   */
  async forwardAsync(...inputs: I): Promise<O> {
    this.#callable();
    syncMode();
    return fromNative(await native.jitForwardAsync(scriptHandle(this), ...inputs.map(toNative))) as O;
  }

  #callable(): void {
    if (!(this as unknown as Carrier)[inside].info.callable)
      throw new NotImplementedError(
        `this part of a TorchScript module (${this.originalName}) has no forward of its own; call the whole module`,
      );
  }

  /** The name of the class that it was made from. */
  get originalName(): string {
    return (this as unknown as Carrier)[inside].info.name;
  }

  /** Whether {@link optimizeForInference} made it. */
  get isOptimized(): boolean {
    return (this as unknown as Carrier)[inside].info.optimized;
  }

  /** The graph of `forward` as text. */
  get graph(): string {
    return native.jitGraph(scriptHandle(this));
  }

  /** `forward` as TorchScript source. */
  get code(): string {
    return native.jitCode(scriptHandle(this));
  }

  override train(mode: boolean | { mode?: boolean } = true): this {
    super.train(mode);
    native.jitSetTraining(scriptHandle(this), this.training);
    return this;
  }

  override extraRepr(): string {
    return `originalName=${this.originalName}`;
  }

  /** @internal In the order of registration, numbers too. */
  override _keys(): string[] {
    const { names } = (this as unknown as Carrier)[inside];
    return [...names, ...Object.keys(this).filter((name) => !names.includes(name))];
  }

  /** @internal Buffers that `to()` replaces are replaced in the native module, too. */
  override _setMember(name: string, value: Tensor | Module | null): void {
    super._setMember(name, value);
    if (value instanceof Tensor && this._buffers.has(name))
      native.jitRegister(scriptHandle(this), 'buffer', name, value.handle);
  }

  override registerModule(name: string, module: Module | null): void {
    super.registerModule(name, module);
    (this as unknown as Carrier)[inside].names.push(name);
  }

  override registerParameter(name: string, parameter: Parameter | null): void {
    super.registerParameter(name, parameter);
    (this as unknown as Carrier)[inside].names.push(name);
  }
}
