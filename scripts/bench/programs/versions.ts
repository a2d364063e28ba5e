/** Prints what this torchts has, as JSON: asked once before anything is measured. */
import * as torch from 'torchts';

process.stdout.write(
  `${JSON.stringify({
    torch: torch.version,
    config: torch.showConfig(),
    // null: CUDA is there
    cudaReason: torch.cuda.isAvailable() ? null : torch.cuda.unavailableReason(),
  })}\n`,
);
