import { expect, it, vi } from 'vitest';
import { Traffic } from './traffic.ts';

it('has buffers collected once for each eight mebibytes', () => {
  const collect = vi.fn();
  const traffic = new Traffic(collect);
  const piece = new Uint8Array(64 * 1024);
  for (let number = 0; number < 127; number += 1) traffic.passed(piece);
  expect(collect).not.toHaveBeenCalled();
  traffic.passed(piece);
  expect(collect).toHaveBeenCalledOnce();
  for (let number = 0; number < 128; number += 1) traffic.passed(piece);
  expect(collect).toHaveBeenCalledTimes(2);
});
