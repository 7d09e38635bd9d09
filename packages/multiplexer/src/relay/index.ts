/** Everything on the port that is not of the clipboard, for a stock `spice-vdagentd` behind clipmuxd. */
export { Relay, type RelayHost, type RelayOptions, type RelayStatus } from './relay.ts';
