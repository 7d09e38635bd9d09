/*
 * Constants of the X11 protocol (X.h, Xproto.h) and of XFIXES (xfixeswire.h), under the headers' names.
 */
export const None = 0;
export const AnyPropertyType = 0;

/** Predefined atoms (Xatom.h). */
export const XA_ATOM = 4;
export const XA_INTEGER = 19;
export const XA_STRING = 31;

/** Property modes. */
export const PropModeReplace = 0;
export const PropModeAppend = 2;

/** Event masks. */
export const NoEventMask = 0;
export const StructureNotifyMask = 0x0002_0000;
export const PropertyChangeMask = 0x0040_0000;

/** Event codes. */
export const DestroyNotify = 17;
export const PropertyNotify = 28;
export const SelectionRequest = 30;
export const SelectionNotify = 31;
/** PropertyNotify's state for a property that was deleted. */
export const PropertyDelete = 1;

/** Request opcode. */
export const X_ChangeProperty = 18;

/** Error codes. */
export const BadWindow = 3;

/** XFIXES: which changes of owner are told, and under which subtype. */
export const XFixesSetSelectionOwnerNotifyMask = 1;
export const XFixesSelectionWindowDestroyNotifyMask = 2;
export const XFixesSelectionClientCloseNotifyMask = 4;
export const XFixesSetSelectionOwnerNotify = 0;

/** The highest predefined atom. */
export const XA_LAST_PREDEFINED = 68;
