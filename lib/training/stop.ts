/** Asking a run to stop after the step it is in: signals of the system, an AbortSignal, a callback. */
import type { StopReason } from './types.js';

const signals = ['SIGINT', 'SIGTERM'] as const;

/** @internal Listens while a run goes on; {@link StopWatch.close} leaves no listener behind. */
export class StopWatch {
  reason: Exclude<StopReason, 'completed'> | null = null;
  detail: string | null = null;
  private readonly onSignal = (signal: NodeJS.Signals): void => {
    if (this.reason === 'signal') {
      // Asked twice: the signal does what it does without us.
      this.close();
      process.kill(process.pid, signal);
      return;
    }
    this.request('signal', signal);
  };
  private readonly onAbort = (): void => {
    const why: unknown = this.abort?.reason;
    this.request('aborted', why instanceof Error ? why.message : why === undefined ? null : String(why));
  };

  constructor(
    private readonly abort: AbortSignal | undefined,
    private readonly handleSignals: boolean,
  ) {
    if (handleSignals) for (const signal of signals) process.on(signal, this.onSignal);
    if (abort?.aborted) this.onAbort();
    else abort?.addEventListener('abort', this.onAbort, { once: true });
  }

  get requested(): boolean {
    return this.reason !== null;
  }

  /** The first one to ask is remembered. */
  request(reason: Exclude<StopReason, 'completed'>, detail: string | null): void {
    if (this.reason !== null && reason !== 'signal') return;
    this.reason = reason;
    this.detail = detail;
  }

  close(): void {
    if (this.handleSignals) for (const signal of signals) process.off(signal, this.onSignal);
    this.abort?.removeEventListener('abort', this.onAbort);
  }
}

/** Lets timers, signals and finalizers have their turn between two batches. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
