import { fstatSync } from 'node:fs';
import { formatFields, type LogFields } from './log-fields.ts';
import { createStandardErrorWriter } from './log-writer.ts';

/** From what is always worth reading to what only a developer wants, in that order. */
export const LOG_LEVELS = ['error', 'warning', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** sd-daemon(3) priorities: syslog's LOG_ERR 3, LOG_WARNING 4, LOG_INFO 6, LOG_DEBUG 7; there is nothing below debug. */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { error: 3, warning: 4, info: 6, debug: 7, trace: 7 };

/** Fields, or a function that gives them, called only when the line is written. */
export type LogDetails = LogFields | (() => LogFields);

export interface LoggerOptions {
  /** Least important level that is written; default `info`. */
  readonly level?: LogLevel;
  /** What is speaking, e.g. `clipmuxd`. */
  readonly name: string;
  /** Takes one line, line break included; default standard error. */
  readonly write?: (line: string) => void;
  /** Priority prefixes instead of time and level; default: whether standard error is the journal. */
  readonly journald?: boolean;
  /** Milliseconds since the epoch; default the system's clock. */
  readonly now?: () => number;
}

/** Where programs say what they do. Never content of a clipboard: sizes, types and ids only. */
export interface Logger {
  readonly name: string;
  /** May be changed at any time; a logger and all made from it by `child` share it. */
  level: LogLevel;
  /** For work that is only worth doing if it will be read. */
  isEnabled(level: LogLevel): boolean;
  error(message: string, details?: LogDetails): void;
  warning(message: string, details?: LogDetails): void;
  info(message: string, details?: LogDetails): void;
  debug(message: string, details?: LogDetails): void;
  trace(message: string, details?: LogDetails): void;
  /** The same logger for one part of the program, named `parent.part`. */
  child(part: string): Logger;
  /**
   * Writes nothing from now on: lines are kept in memory, {@link HELD_LINES_MAX} of them, until `release`. For the time in which file
   * systems are frozen: who writes to the journal then waits for the thaw. Holds for all that share the level.
   */
  hold(): void;
  /** Writes what was held, and how much could not be kept; lines are written at once again. */
  release(): void;
}

/** Lines that are kept while a logger is held; a line has some hundred bytes. */
export const HELD_LINES_MAX = 1000;

/** Whether `text` names a level (for command lines and configuration). */
export function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text);
}

/**
 * A logger that writes one line an event: `<6>clipmuxd: message key=value` to the journal, else
 * `2025-11-21T22:57:01.123Z info clipmuxd: message key=value`. A line that is not enabled costs one comparison.
 */
export function createLogger(options: LoggerOptions): Logger {
  const journald = options.journald ?? (options.write === undefined && isStandardErrorTheJournal(process.env));
  return new LineLogger(options.name, {
    threshold: LOG_LEVELS.indexOf(options.level ?? 'info'),
    journald,
    write: options.write ?? createStandardErrorWriter(),
    now: options.now ?? Date.now,
    held: null,
  });
}

/** What a logger and its children share. */
interface Sink {
  threshold: number;
  readonly journald: boolean;
  readonly write: (line: string) => void;
  readonly now: () => number;
  /** Lines that wait, while the logger is held. */
  held: { readonly lines: string[]; lost: number } | null;
}

class LineLogger implements Logger {
  readonly name: string;
  readonly #sink: Sink;

  constructor(name: string, sink: Sink) {
    this.name = name;
    this.#sink = sink;
  }

  get level(): LogLevel {
    return LOG_LEVELS[this.#sink.threshold] ?? 'info';
  }

  set level(level: LogLevel) {
    this.#sink.threshold = LOG_LEVELS.indexOf(level);
  }

  isEnabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) <= this.#sink.threshold;
  }

  error(message: string, details?: LogDetails): void {
    this.#log(0, message, details);
  }

  warning(message: string, details?: LogDetails): void {
    this.#log(1, message, details);
  }

  info(message: string, details?: LogDetails): void {
    this.#log(2, message, details);
  }

  debug(message: string, details?: LogDetails): void {
    this.#log(3, message, details);
  }

  trace(message: string, details?: LogDetails): void {
    this.#log(4, message, details);
  }

  child(part: string): Logger {
    return new LineLogger(`${this.name}.${part}`, this.#sink);
  }

  hold(): void {
    this.#sink.held ??= { lines: [], lost: 0 };
  }

  release(): void {
    const { held, write } = this.#sink;
    this.#sink.held = null;
    if (held === null) return;
    for (const line of held.lines) write(line);
    if (held.lost > 0) this.warning('log lines were dropped while the log was held', { lines: held.lost });
  }

  /** `rank` is the level's place in LOG_LEVELS. */
  #log(rank: number, message: string, details: LogDetails | undefined): void {
    const sink = this.#sink;
    if (rank > sink.threshold) return;
    const level = LOG_LEVELS[rank] ?? 'error';
    const head = sink.journald ? `<${PRIORITIES[level]}>` : `${new Date(sink.now()).toISOString()} ${level} `;
    const line = `${head}${this.name}: ${formatFields(message, typeof details === 'function' ? details() : details)}\n`;
    if (sink.held === null) sink.write(line);
    else if (sink.held.lines.length < HELD_LINES_MAX) sink.held.lines.push(line);
    else sink.held.lost += 1;
  }
}

/** JOURNAL_STREAM holds device and inode of the journal's stream (systemd.exec(5)); it is inherited, so it must be compared. */
export function isStandardErrorTheJournal(environment: NodeJS.ProcessEnv): boolean {
  const { JOURNAL_STREAM: stream } = environment;
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(2);
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** A logger that says nothing: the default of parts that can run without one. */
export const silentLogger: Logger = createLogger({ name: 'silent', write: () => {}, journald: false, level: 'error' });
