import { buildSettings, settingValues } from './setting-tree.ts';
import type { Settings } from './settings.ts';
import { formatToml, type TomlValue } from './toml.ts';

/** The settings as a configuration file that sets every key. `parseSettings` makes the same settings of it. */
export function describeSettings(settings: Settings): string {
  const tree: Record<string, TomlValue | Record<string, TomlValue>> = {};
  for (const { definition, value } of settingValues(settings)) {
    const { table, key } = definition;
    const written = definition.toToml(value);
    if (table === null) tree[key] = written;
    else tree[table] = { ...(tree[table] as Record<string, TomlValue> | undefined), [key]: written };
  }
  return formatToml(tree);
}

/** A key whose value differs between two settings. */
export interface ChangedSetting {
  /** The key with its table: `clipboard.direction`. */
  readonly name: string;
  /** Whether the change takes effect only when clipmuxd starts again. */
  readonly needsRestart: boolean;
}

/**
 * What holds after a reload: what was read, but for the keys that take effect only when clipmuxd starts again.
 * @param atStart what clipmuxd started with
 * @param read what it has read since
 */
export function settingsInForce(atStart: Settings, read: Settings): Settings {
  const [old, now] = [atStart, read].map(
    (settings) => new Map(settingValues(settings).map(({ definition, value }) => [definition, value])),
  );
  return buildSettings((definition) => (definition.needsRestart ? old : now)?.get(definition));
}

/** The keys that differ, in the order of the documentation: what a reload changes, and what it cannot. */
export function changedSettings(before: Settings, after: Settings): readonly ChangedSetting[] {
  const old = settingValues(before);
  return settingValues(after)
    .filter(({ definition, value }, index) => {
      const written = (what: unknown) => JSON.stringify(definition.toToml(what));
      return written(value) !== written(old[index]?.value);
    })
    .map(({ definition: { name, needsRestart } }) => ({ name, needsRestart }));
}
