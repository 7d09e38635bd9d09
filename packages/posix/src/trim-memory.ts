import { native } from './native.ts';

/**
 * Gives memory that the C library's allocator keeps after large transfers back to the kernel (malloc_trim(3), glibc).
 * Meant for idle moments: it takes milliseconds with a large heap.
 *
 * @returns whether there was anything to call: false without glibc or without koffi, which is not an error
 */
export function trimMemory(): boolean {
  try {
    const { mallocTrim } = native();
    if (mallocTrim === undefined) return false;
    mallocTrim(0);
    return true;
  } catch {
    return false;
  }
}
