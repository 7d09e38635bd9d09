/** The value below which the share `q` (0 to 1) of the samples lies: the nearest rank, so always a measured one. */
export function quantile(samples: readonly number[], q: number): number {
  if (samples.length === 0) throw new Error('a quantile needs samples');
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

export function sum(samples: readonly number[]): number {
  return samples.reduce((total, sample) => total + sample, 0);
}
