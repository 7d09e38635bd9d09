import { type ChildProcess, spawn } from 'node:child_process';
import { ended, run, stopProcess } from './processes.ts';
import type { Display } from './xvfb.ts';

export type Selection = 'clipboard' | 'primary';

export interface XclipOptions {
  /** `clipboard` unless told otherwise. */
  readonly selection?: Selection;
  /** The target, such as `image/png`; without it xclip offers or asks for text. */
  readonly target?: string;
  /** Milliseconds until a paste is killed and rejects. */
  readonly timeoutMs?: number;
}

/** A program that owns a selection until it is stopped or something else takes it. */
export interface Copier {
  readonly process: ChildProcess;
  /** Settles when it ended: xclip and xsel do so when they lose the selection. */
  readonly ended: Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

function copier(child: ChildProcess, content: Uint8Array | string): Copier {
  child.stdin?.on('error', () => {});
  child.stdin?.end(content);
  return { process: child, ended: ended(child), stop: (signal) => stopProcess(child, signal) };
}

function xclipArguments(options: XclipOptions): string[] {
  const args = ['-selection', options.selection ?? 'clipboard'];
  if (options.target !== undefined) args.push('-target', options.target);
  return args;
}

/** Copies with xclip, which stays in the foreground as the owner. It owns a moment after this returns. */
export function xclipCopy(xvfb: Display, content: Uint8Array | string, options: XclipOptions = {}): Copier {
  const args = ['-quiet', '-in', ...xclipArguments(options)];
  return copier(spawn('xclip', args, { env: xvfb.env, stdio: ['pipe', 'ignore', 'ignore'] }), content);
}

/** Pastes with xclip. Rejects with xclip's message when the owner refuses or nobody owns the selection. */
export async function xclipPaste(xvfb: Display, options: XclipOptions = {}): Promise<Buffer> {
  const outcome = await run('xclip', ['-out', ...xclipArguments(options)], {
    env: xvfb.env,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  if (outcome.code !== 0) throw new Error(`xclip ended with ${outcome.code}: ${outcome.stderr.trim()}`);
  return outcome.stdout;
}

/** The targets that the owner lists, by name, as xclip sees them. */
export async function xclipTargets(xvfb: Display, selection: Selection = 'clipboard'): Promise<string[]> {
  const list = await xclipPaste(xvfb, { selection, target: 'TARGETS' });
  return list.toString().split('\n').filter(Boolean);
}

/** Copies text with xsel, which stays in the foreground as the owner. */
export function xselCopy(xvfb: Display, text: Uint8Array | string, options: XselOptions = {}): Copier {
  const args = ['--nodetach', '--input', `--${options.selection ?? 'clipboard'}`];
  const env = { ...xvfb.env, ...options.env };
  return copier(spawn('xsel', args, { env, stdio: ['pipe', 'ignore', 'ignore'] }), text);
}

export interface XselOptions {
  readonly selection?: Selection;
  /** Laid over the environment: in the C locale xsel offers and asks for STRING only. */
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

/** Pastes text with xsel; empty when nobody owns the selection. */
export async function xselPaste(xvfb: Display, options: XselOptions = {}): Promise<Buffer> {
  const outcome = await run('xsel', ['--output', `--${options.selection ?? 'clipboard'}`], {
    env: { ...xvfb.env, ...options.env },
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  if (outcome.code !== 0) throw new Error(`xsel ended with ${outcome.code}: ${outcome.stderr.trim()}`);
  return outcome.stdout;
}
