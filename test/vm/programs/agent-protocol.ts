import type { Selection } from '@clipmux/rpc';

/** What the agent does when told so, one JSON object a line. */
export type AgentCommand =
  | { readonly do: 'copy'; readonly selection: Selection; readonly text: string }
  | { readonly do: 'paste'; readonly selection: Selection };

/** What the agent says. */
export type AgentEvent =
  | { readonly event: 'ready'; readonly session: number }
  | { readonly event: 'copied' }
  /** It may own the selection for the host, with these types. */
  | { readonly event: 'given'; readonly selection: Selection; readonly types: readonly string[] }
  | { readonly event: 'taken'; readonly selection: Selection }
  | { readonly event: 'pasted'; readonly sha256: string; readonly size: number; readonly text: string }
  | { readonly event: 'refused'; readonly code: string }
  | { readonly event: 'closed'; readonly code: string };
