import { spawn } from 'node:child_process';
import type { CallHandler } from './call-server.ts';
import { PROGRAM_ERROR_CHARACTERS_MAX, PROGRAM_OUTPUT_BYTES_MAX } from './limits.ts';

/**
 * A handler that runs a command by the shell for each call: the parameters are JSON on its standard input, what it prints must be JSON (nothing:
 * `{}`), and its end with a failing status is an error with what it wrote to its standard error. The parameters are no part of the command
 * line, so that nothing in them is read as shell. Who stops waiting ends it, and what it has started, by SIGTERM.
 */
export function programHandler(command: string): CallHandler {
  return (params, { session, signal }) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, {
        shell: true,
        // A process group of its own, to be ended as a whole.
        detached: true,
        env: { ...process.env, CLIPMUX_SESSION: String(session) },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
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
        if (size <= PROGRAM_OUTPUT_BYTES_MAX) out.push(bytes);
        else end();
      });
      child.stderr.on('data', (bytes: Buffer) => {
        complaint = (complaint + bytes.toString()).slice(0, PROGRAM_ERROR_CHARACTERS_MAX);
      });
      // One that does not read what it is given may still answer.
      child.stdin.on('error', () => {});
      child.stdin.end(JSON.stringify(params));
      child.once('error', (error) => reject(new Error(`the handler cannot be run: ${error.message}`)));
      child.once('close', (status, killedBy) => {
        signal.removeEventListener('abort', end);
        if (size > PROGRAM_OUTPUT_BYTES_MAX) reject(new Error('the handler printed too much'));
        else if (status !== 0) reject(new Error(complaint.trim() || `the handler ended with ${killedBy ?? status}`));
        else {
          // A promise, so that what `parse` throws rejects.
          resolve(Promise.resolve(Buffer.concat(out).toString()).then(parse));
        }
      });
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
    });
}

/** @throws {Error} which becomes the answer */
function parse(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the handler printed what is no JSON');
  }
}
