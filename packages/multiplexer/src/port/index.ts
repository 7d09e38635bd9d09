/** The host's port: how it is reached, and kept open. */
export { CharacterDeviceTransport } from './character-device-transport.ts';
export { PortError, type PortErrorCode } from './port-error.ts';
export {
  type PortCloseReason,
  PortKeeper,
  type PortKeeperEvents,
  type PortKeeperOptions,
  type PortState,
  type PortStatus,
} from './port-keeper.ts';
export { parsePortName } from './port-name.ts';
export type { PortTransport } from './transport.ts';
export { UnixSocketTransport } from './unix-socket-transport.ts';
