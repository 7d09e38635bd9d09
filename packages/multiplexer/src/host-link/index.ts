/** clipmuxd's end of the vdagent port. The only place that knows vdagent's numbers. */
export { TEXT_MIME } from './content-types.ts';
export type { Agreement } from './handshake.ts';
export type { HostKind } from './host-kind.ts';
export { HostLink, type HostLinkOptions } from './host-link.ts';
export type { IncomingContent } from './incoming-answer.ts';
export { DEFAULT_HOST_LINK_SETTINGS, type HostLinkSettings } from './limits.ts';
export type { HostLinkListener } from './listener.ts';
export type { OutgoingContent } from './outgoing-content.ts';
export type { HostRelay } from './relay.ts';
