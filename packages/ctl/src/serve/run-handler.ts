import { spawn } from 'node:child_process';
import { type CancelSignal, HOST_RETURN_BYTES_MAX, RpcError } from '@clipmux/rpc';
import { COMPLAINT_CHARACTERS_MAX } from './limits.ts';

/**
 * Runs a command by the shell for one call: the parameters are JSON on its standard input, and what it prints must be JSON (nothing: `{}`). The
 * parameters are no part of the command line, so that nothing in them is read as shell. When the signal is aborted it is ended by SIGTERM, with
 * all that it has started.
 * @throws {RpcError} `program-error` where it ends with a failing status, with the last of its standard error, or prints no JSON, or too much
 */
export function runHandler(
  command: string,
  params: object,
  env: NodeJS.ProcessEnv,
  signal: CancelSignal,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(new RpcError('program-error', reason));
    // A process group of its own, to be ended as a whole.
    const child = spawn(command, { shell: true, detached: true, env, stdio: ['pipe', 'pipe', 'pipe'] });
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      } catch {
        // It has ended meanwhile.
      }
    };
    const out: Buffer[] = [];
    let size = 0;
    let complaint = '';
    child.stdout.on('data', (bytes: Buffer) => {
      size += bytes.length;
      if (size <= HOST_RETURN_BYTES_MAX) out.push(bytes);
      else end();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      complaint = (complaint + bytes.toString()).slice(-COMPLAINT_CHARACTERS_MAX);
    });
    // One that does not read what it is given may still answer.
    child.stdin.on('error', () => {});
    child.stdin.end(JSON.stringify(params));
    child.once('error', (error) => fail(`the command cannot be run: ${error.message}`));
    child.once('close', (status, killedBy) => {
      signal.removeEventListener('abort', end);
      if (size > HOST_RETURN_BYTES_MAX) fail(`the command printed more than ${HOST_RETURN_BYTES_MAX} bytes`);
      else if (status !== 0) fail(complaint.trim() || `the command ended with ${killedBy ?? status}`);
      else {
        try {
          resolve(parse(Buffer.concat(out).toString()));
        } catch {
          fail('the command printed what is no JSON');
        }
      }
    });
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}

function parse(text: string): unknown {
  return text.trim() === '' ? {} : JSON.parse(text);
}
