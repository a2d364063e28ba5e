/** The one LibTorch release that torchts is built against. */
export const libtorchVersion = '2.14.1';

/** The CUDA release of its wheels and prebuilt archives. */
export const cudaTag = 'cu130';

/** The oldest NVIDIA driver that runs this CUDA release on Linux. */
export const oldestDriver = 580;

/** CPU only, or with CUDA. One addon binary serves both. */
export type Variant = 'cpu' | 'cuda';

/**
 * What pip installs. The wheel is built for CUDA, and its `libtorch_cpu.so` needs two of the CUDA
 * libraries only; with those beside it the wheel without its dependencies is a complete CPU LibTorch.
 */
export const wheelRequirements: Record<Variant, { packages: readonly string[]; dependencies: boolean }> = {
  cpu: {
    packages: [`torch==${libtorchVersion}`, 'nvidia-cuda-runtime==13.0.96', 'nvidia-cuda-cupti==13.0.85'],
    dependencies: false,
  },
  cuda: { packages: [`torch==${libtorchVersion}`], dependencies: true },
};

/** Bytes that must be free before a download starts: archive and unpacked files lie side by side for a while. */
export const spaceNeeded: Record<'pip' | 'zip', Record<Variant, number>> = {
  pip: { cpu: 2.5e9, cuda: 11e9 },
  zip: { cpu: 1.5e9, cuda: 9e9 },
};

/** Files that the build and the addon need of a LibTorch folder. */
export const neededFiles: readonly string[] = [
  'lib/libc10.so',
  'lib/libtorch_cpu.so',
  'include/ATen/ATen.h',
  'include/ATen/core/dispatch/Dispatcher.h',
  'include/c10/core/TensorImpl.h',
  'include/torch/csrc/api/include/torch/torch.h',
  'share/cmake/Torch/TorchConfig.cmake',
];

/** Further files that the CUDA variant needs. */
export const neededCudaFiles: readonly string[] = ['lib/libc10_cuda.so', 'lib/libtorch_cuda.so'];
