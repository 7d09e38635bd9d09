import type { SocketConstructorOpts } from 'node:net';

/** libuv's pipe (`uv_pipe_t`) as Node wraps it; only `net.Socket` calls into it further. */
export interface PipeHandle {
  /** Takes a descriptor over (`uv_pipe_open`); 0 or nothing, or a negative errno. */
  open(fd: number): unknown;
  close(): void;
}

/** `net.Socket` takes a handle, which its types leave out. */
export type SocketOptionsWithHandle = SocketConstructorOpts & { readonly handle: PipeHandle };

interface PipeWrap {
  readonly Pipe: new (type: number) => PipeHandle;
  readonly constants: { readonly SOCKET: number };
}

/**
 * Everything that clipmux uses of `process.binding`. libuv polls a pipe's descriptor with epoll, which is just what a
 * character device needs; `net.Socket({ fd })` would refuse it by its file type, and nothing public gives the pipe itself.
 *
 * @returns the binding, or undefined on a Node that no longer has it or forbids it (the permission model does)
 */
export function pipeWrap(host: unknown = process): PipeWrap | undefined {
  const { binding } = host as { binding?: (name: string) => unknown };
  if (typeof binding !== 'function') return undefined;
  // The call is deprecated for documentation only (DEP0111); it warns under --pending-deprecation, and may do so by default one day.
  const quiet = process as { noDeprecation?: boolean | undefined };
  const before = quiet.noDeprecation;
  quiet.noDeprecation = true;
  try {
    const wrap = binding.call(host, 'pipe_wrap') as Partial<PipeWrap> | undefined;
    if (typeof wrap?.Pipe !== 'function' || typeof wrap.constants?.SOCKET !== 'number') return undefined;
    return typeof wrap.Pipe.prototype?.open === 'function' ? (wrap as PipeWrap) : undefined;
  } catch {
    return undefined;
  } finally {
    quiet.noDeprecation = before;
  }
}

/**
 * A pipe handle that owns `fd` from now on.
 *
 * @returns undefined where this Node has no pipe_wrap; `fd` is untouched then
 * @throws Error with `errno` if libuv does not take the descriptor; `fd` is untouched then
 */
export function openPipeHandle(fd: number): PipeHandle | undefined {
  const wrap = pipeWrap();
  if (wrap === undefined) return undefined;
  const handle = new wrap.Pipe(wrap.constants.SOCKET);
  const result = handle.open(fd);
  if (typeof result === 'number' && result !== 0) {
    handle.close();
    throw Object.assign(new Error(`uv_pipe_open failed with ${result}`), { errno: result });
  }
  return handle;
}
