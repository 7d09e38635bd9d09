/** What Node lacks: peer credentials, character devices, readiness, memory trimming, and a small logger. */

export { compileBeforeFirstRun } from './baseline-compiler.ts';
export { CharacterDevice, type CharacterDeviceMethod } from './character-device/device.ts';
export { CharacterDeviceError, type CharacterDeviceErrorCode } from './character-device/errors.ts';
export { type DeviceHolder, findHolder } from './character-device/holder.ts';
export { collectYoungGarbage } from './collect-young.ts';
export { deliverDirectly } from './deliver-directly.ts';
export { PosixError, type PosixErrorCode } from './errors.ts';
export {
  createLogger,
  HELD_LINES_MAX,
  isLogLevel,
  LOG_LEVELS,
  type LogDetails,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  silentLogger,
} from './log.ts';
export type { LogFields, LogValue } from './log-fields.ts';
export { type PeerCredentials, peerCredentials } from './peer-credentials.ts';
export { peerGroups } from './peer-groups.ts';
export { Pidfd, peerPidfd } from './pidfd.ts';
export { processName } from './process-name.ts';
export { explainListenError, SOCKET_PATH_BYTES_MAX, socketPathProblem } from './socket-path.ts';
export { systemdListenSockets } from './systemd-listen.ts';
export { type ServiceState, systemdNotify } from './systemd-notify.ts';
export { startSystemdWatchdog } from './systemd-watchdog.ts';
export { trimMemory } from './trim-memory.ts';
export { keepYoungGenerationSmall } from './young-generation.ts';
