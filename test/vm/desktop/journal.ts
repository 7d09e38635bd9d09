import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';
import { within } from '../../support/wait.ts';

/** One entry of the guest's journal. */
export interface JournalEntry {
  readonly unit: string;
  readonly message: string;
  /** Seconds since the guest's kernel started. */
  readonly uptime: number;
}

/** The guest's journal since its start, as it is written. */
export class Journal extends EventEmitter<{ entry: [JournalEntry]; end: [] }> {
  readonly entries: JournalEntry[] = [];
  readonly #process: ChildProcess;
  #ended = false;

  /** @param process_ a `journalctl --follow --output=json` */
  constructor(process_: ChildProcess) {
    super();
    this.setMaxListeners(0);
    this.#process = process_;
    if (process_.stdout === null) throw new Error('the journal has no output');
    createInterface({ input: process_.stdout }).on('line', (line) => this.#take(line));
    process_.once('exit', () => {
      this.#ended = true;
      this.emit('end');
    });
  }

  /** Where the journal is now, to wait only for what comes after. */
  get now(): number {
    return this.entries.length;
  }

  /** The first entry from `from` on whose message matches; waits for it. */
  async said(pattern: RegExp, from = 0, timeoutMs = 120_000): Promise<JournalEntry> {
    const fits = (entry: JournalEntry) => pattern.test(entry.message);
    const found = new Promise<JournalEntry>((resolve, reject) => {
      const present = this.entries.slice(from).find(fits);
      if (present !== undefined) return resolve(present);
      const died = () => reject(new Error(`the guest is gone, and had not yet said ${pattern}: ${this.#tail()}`));
      if (this.#ended) return died();
      const look = (entry: JournalEntry) => {
        if (!fits(entry)) return;
        this.off('entry', look);
        this.off('end', died);
        resolve(entry);
      };
      this.on('entry', look);
      this.once('end', died);
    });
    return within(found, `${pattern} in the guest's journal; last of clipmux: ${this.#tail()}`, timeoutMs);
  }

  close(): void {
    this.#process.kill();
  }

  #tail(): string {
    const ours = this.entries.filter(({ unit }) => unit.startsWith('clipmux'));
    return ours
      .slice(-12)
      .map(({ message }) => `\n  ${message}`)
      .join('');
  }

  #take(line: string): void {
    const fields = parse(line);
    if (!fields) return;
    const entry: JournalEntry = {
      unit: fields['_SYSTEMD_USER_UNIT'] ?? fields['_SYSTEMD_UNIT'] ?? fields['UNIT'] ?? '',
      message: String(fields['MESSAGE'] ?? ''),
      uptime: Number(fields['__MONOTONIC_TIMESTAMP']) / 1e6,
    };
    this.entries.push(entry);
    this.emit('entry', entry);
  }
}

/** Undefined for the last line of a machine that has ended while it wrote it. */
function parse(line: string): Readonly<Record<string, string | undefined>> | undefined {
  try {
    return JSON.parse(line) as Record<string, string | undefined>;
  } catch {
    return undefined;
  }
}
