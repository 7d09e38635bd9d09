import { EventEmitter } from 'node:events';
import { within } from '../support/wait.ts';

/** How a program in the guest ended. */
export interface GuestExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface GuestProcessEvents {
  line: [line: string];
  exit: [exit: GuestExit];
}

/** A program that runs in the guest. Its lines of standard output are kept until they are waited for. */
export class GuestProcess extends EventEmitter<GuestProcessEvents> {
  readonly pid: number;
  /** All that it wrote to standard error so far. */
  stderr = '';
  readonly lines: string[] = [];
  /** Settles when it has ended and all its output is here. */
  readonly exited: Promise<GuestExit>;
  #rest = '';
  #next = 0;

  constructor(pid: number) {
    super();
    this.pid = pid;
    this.exited = new Promise((resolve) => {
      this.once('exit', resolve);
    });
  }

  /** For the guest's connection: output as it comes. */
  output(source: 'stdout' | 'stderr', text: string): void {
    if (source === 'stderr') {
      this.stderr += text;
      return;
    }
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      this.lines.push(line);
      this.emit('line', line);
    }
  }

  /** The next line for which `test` is true, skipping others; each line is given once. */
  async waitFor(test: (line: string) => boolean, what: string, timeoutMs = 60_000): Promise<string> {
    const found = new Promise<string>((resolve) => {
      const look = () => {
        while (this.#next < this.lines.length) {
          const line = this.lines[this.#next++] ?? '';
          if (!test(line)) continue;
          this.off('line', look);
          resolve(line);
          return;
        }
      };
      this.on('line', look);
      look();
    });
    return within(
      found,
      `${what} from process ${this.pid} of the guest; stderr: ${this.stderr.slice(-500)}`,
      timeoutMs,
    );
  }
}
