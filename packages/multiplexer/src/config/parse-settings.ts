import * as v from 'valibot';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import type { Definition } from './definitions.ts';
import { type KeyPath, type KeyPositions, locateKeys } from './key-positions.ts';
import { ALL_DEFINITIONS, buildSettings } from './setting-tree.ts';
import type { Settings } from './settings.ts';
import { formatKey, isTable, parseToml, type TomlTable } from './toml.ts';
import { adviseKey, adviseTable } from './unknown-keys.ts';

/** A file of the configuration. */
export interface ConfigFile {
  /** What errors call it. */
  readonly path: string;
  readonly text: string;
}

/**
 * The settings that the files make together: each key is as the last file that has it says, or its default. A list is one
 * value: a later file's list takes the place of an earlier one's.
 *
 * @throws {ConfigError} with all that is wrong in all files, also in what a later file overrides
 */
export function parseSettings(files: readonly ConfigFile[]): Settings {
  const { settings, problems } = evaluate(files);
  if (problems.length > 0) throw new ConfigError(problems);
  return settings;
}

/** The settings, and what had to be left out of them. */
export function evaluate(files: readonly ConfigFile[]): { settings: Settings; problems: readonly ConfigProblem[] } {
  const values = new Map<Definition<unknown>, unknown>();
  const problems: ConfigProblem[] = [];
  for (const file of files) {
    const reader = new FileReader(file, values);
    reader.read();
    problems.push(...reader.problems);
  }
  const settings = buildSettings((definition) =>
    values.has(definition) ? values.get(definition) : definition.default,
  );
  return { settings, problems };
}

const BY_NAME: ReadonlyMap<string, Definition<unknown>> = new Map(ALL_DEFINITIONS.map((one) => [one.name, one]));
const TABLES: ReadonlySet<string> = new Set(ALL_DEFINITIONS.flatMap(({ table }) => table ?? []));

/** Reads one file into the values. */
class FileReader {
  readonly #file: ConfigFile;
  readonly #values: Map<Definition<unknown>, unknown>;
  readonly problems: ConfigProblem[] = [];
  #positions: KeyPositions | null = null;

  constructor(file: ConfigFile, values: Map<Definition<unknown>, unknown>) {
    this.#file = file;
    this.#values = values;
  }

  read(): void {
    const parsed = parseToml(this.#file.text);
    if ('table' in parsed) {
      for (const [name, value] of Object.entries(parsed.table)) this.#topLevel(name, value);
      this.problems.sort((a, b) => compare(a.position, b.position));
    } else {
      const { line, column, message } = parsed.problem;
      this.problems.push({ file: this.#file.path, position: { line, column }, key: null, message });
    }
  }

  #topLevel(name: string, value: unknown): void {
    const definition = name.includes('.') ? undefined : BY_NAME.get(name);
    if (definition) this.#set(definition, [name], value);
    else if (!TABLES.has(name)) this.#complain([name], isTable(value) ? adviseTable(name) : adviseKey(null, name));
    else if (isTable(value)) this.#table(name, value);
    else this.#complain([name], `must be a table: write [${name}] and its keys below it`);
  }

  #table(table: string, pairs: TomlTable): void {
    for (const [key, value] of Object.entries(pairs)) {
      const definition = key.includes('.') ? undefined : BY_NAME.get(`${table}.${key}`);
      if (definition) this.#set(definition, [table, key], value);
      else this.#complain([table, key], adviseKey(table, key));
    }
  }

  #set(definition: Definition<unknown>, path: KeyPath, value: unknown): void {
    const result = v.safeParse(definition.schema, value);
    if (result.success) this.#values.set(definition, result.output);
    for (const issue of result.issues ?? []) {
      const inner = (issue.path ?? []).flatMap(({ key }) => (typeof key === 'number' ? [key] : []));
      this.#complain([...path, ...inner], issue.message);
    }
  }

  #complain(path: KeyPath, message: string): void {
    // Most files have nothing wrong, so their keys' positions are never asked for.
    this.#positions ??= locateKeys(this.#file.text);
    const position = this.#positions.of(path);
    this.problems.push({ file: this.#file.path, position, key: keyText(path), message });
  }
}

/** Characters of an unknown key that a message shows. */
const SHOWN_KEY_CHARACTERS_MAX = 60;

function keyText(path: KeyPath): string {
  const part = (name: string) => {
    const text = formatKey(name);
    return text.length > SHOWN_KEY_CHARACTERS_MAX ? `${text.slice(0, SHOWN_KEY_CHARACTERS_MAX)}…` : text;
  };
  return path.reduce<string>((text, name) => {
    if (typeof name === 'number') return `${text}[${name}]`;
    return text === '' ? part(name) : `${text}.${part(name)}`;
  }, '');
}

function compare(a: ConfigProblem['position'], b: ConfigProblem['position']): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}
