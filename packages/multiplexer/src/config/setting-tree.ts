import { DEFINITIONS, type Definition, type Definitions } from './definitions.ts';
import type { Policy, Settings } from './settings.ts';

/** The way between the flat list of keys and the tree of {@link Settings}. */

/** A definition and where its value is in {@link Settings}. */
interface Slot {
  readonly path: readonly string[];
  readonly definition: Definition<unknown>;
}

const SLOTS: readonly Slot[] = Object.entries(DEFINITIONS).flatMap(([name, entry]): Slot[] =>
  isDefinition(entry)
    ? [{ path: [name], definition: entry }]
    : Object.entries(entry).map(([key, definition]) => ({
        path: [name, key],
        definition: definition as Definition<unknown>,
      })),
);

function isDefinition(entry: Definitions[keyof Definitions]): entry is Definition<Policy> | Definition<string> {
  return 'schema' in entry;
}

/** All keys, in the table's order. */
export const ALL_DEFINITIONS: readonly Definition<unknown>[] = SLOTS.map(({ definition }) => definition);

/** Settings with the value that the function gives for each key. The value must be one that the key's schema gave, or its default. */
export function buildSettings(valueFor: (definition: Definition<unknown>) => unknown): Settings {
  const settings: Record<string, unknown> = {};
  for (const { path, definition } of SLOTS) {
    const [first = '', second] = path;
    const value = deepFreeze(valueFor(definition));
    if (second === undefined) settings[first] = value;
    else settings[first] = { ...(settings[first] as object | undefined), [second]: value };
  }
  // The slots are those of DEFINITIONS, whose type demands a definition of the right type for each setting.
  return deepFreeze(settings) as unknown as Settings;
}

/** Each key with its value in the settings. */
export function settingValues(settings: Settings): readonly { definition: Definition<unknown>; value: unknown }[] {
  return SLOTS.map(({ path, definition }) => ({
    definition,
    value: path.reduce<unknown>((tree, name) => (tree as Record<string, unknown>)[name], settings),
  }));
}

/** What holds where no file says otherwise. */
export const DEFAULT_SETTINGS: Settings = buildSettings((definition) => definition.default);

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
