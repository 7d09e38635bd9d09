/**
 * The session contract between agents and clipmuxd: frames on a stream, JSON-RPC 2.0 in them, and transfers of content beside it.
 * Layers: `frame/` (bytes to frames), `peer/` (JSON-RPC calls on whole messages), `session/` (the typed contract and its transfers).
 * `control/` is the other contract, of the control socket: JSON-RPC 2.0, one object a line.
 */
export * from './control/index.ts';
export * from './frame/index.ts';
export * from './peer/index.ts';
export * from './session/index.ts';
