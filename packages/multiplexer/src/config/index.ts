/** The configuration of clipmuxd: files in, validated settings out. */
export { ConfigError, type ConfigProblem, formatProblem } from './config-error.ts';
export { type ChangedSetting, changedSettings, describeSettings, settingsInForce } from './describe-settings.ts';
export { DEFAULT_CONFIG_PATH, type LoadOptions, loadSettings } from './load-settings.ts';
export { type ConfigFile, parseSettings } from './parse-settings.ts';
export { DEFAULT_SETTINGS } from './setting-tree.ts';
export {
  DIRECTIONS,
  type Direction,
  type DirectionSettings,
  type GuestAgentSettings,
  type HostCallsSettings,
  PASSWORD_HINTS,
  type PasswordHint,
  type Policy,
  type SelectionSettings,
  type Settings,
} from './settings.ts';
