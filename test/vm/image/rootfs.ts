/**
 * A command line that runs a program as root, or, where we are not, in a user namespace in which we are and to which the files belong
 * that mmdebstrap(1) makes in such a namespace.
 */
export function asRoot(program: string, ...parameters: string[]): [program: string, ...parameters: string[]] {
  if (process.getuid?.() === 0) return [program, ...parameters];
  return ['mmdebstrap', '--unshare-helper', program, ...parameters];
}
