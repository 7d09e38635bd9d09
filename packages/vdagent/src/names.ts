import { Capability, ClipboardSelection, ClipboardType, MessageType } from './constants.ts';

/** `CLIPBOARD_GRAB` becomes `clipboard-grab`, as QEMU's `msg_name` and `cap_name` spell it. */
function namesOf(table: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([key, value]) => [value, key.toLowerCase().replaceAll('_', '-')]));
}

const messageTypes = namesOf(MessageType);
const capabilities = namesOf(Capability);
const clipboardTypes = namesOf(ClipboardType);
const selections = namesOf(ClipboardSelection);

/** The name of a message type for traces, as in QEMU's: `clipboard-grab`; `unknown-99` for one that the header lacks. */
export function messageTypeName(type: number): string {
  return messageTypes.get(type) ?? `unknown-${type}`;
}

/** The name of a capability for traces: `clipboard-by-demand`; `unknown-40` for one that the header lacks. */
export function capabilityName(capability: number): string {
  return capabilities.get(capability) ?? `unknown-${capability}`;
}

/** The name of a content type for traces: `utf8-text`, `image-png`; `unknown-9` for one that the header lacks. */
export function clipboardTypeName(type: number): string {
  return clipboardTypes.get(type) ?? `unknown-${type}`;
}

/** The name of a selection for traces: `clipboard`, `primary`, `secondary`; `unknown-7` for any other number. */
export function selectionName(selection: number): string {
  return selections.get(selection) ?? `unknown-${selection}`;
}
