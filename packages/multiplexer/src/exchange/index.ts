/** Carries out what the arbiter decides: requests and answers between the host link and the sessions. */
export {
  type HostContent,
  type PasteCutShort,
  type PortControl,
  type SessionOffer,
  type SessionPeer,
  wholeContent,
} from './contracts.ts';
export type { HeldContent } from './held-contents.ts';
export { Multiplexer, type MultiplexerOptions } from './multiplexer.ts';
export type { MultiplexerObserver, Outcome, RequestReport } from './open-requests.ts';
