/** Names of logind's bus interface: org.freedesktop.login1(5), https://www.freedesktop.org/software/systemd/man/org.freedesktop.login1.html */
export const LOGIND_NAME = 'org.freedesktop.login1';
export const MANAGER_PATH = '/org/freedesktop/login1';
export const MANAGER_INTERFACE = 'org.freedesktop.login1.Manager';
export const SESSION_INTERFACE = 'org.freedesktop.login1.Session';
export const SEAT_INTERFACE = 'org.freedesktop.login1.Seat';
/** The process belongs to no session: common for units of the systemd user manager. */
export const NO_SESSION_FOR_PID = 'org.freedesktop.login1.NoSessionForPID';

/** Names of the bus itself: https://dbus.freedesktop.org/doc/dbus-specification.html#message-bus-messages */
export const BUS_NAME = 'org.freedesktop.DBus';
export const BUS_PATH = '/org/freedesktop/DBus';
export const PROPERTIES_INTERFACE = 'org.freedesktop.DBus.Properties';
export const NAME_HAS_NO_OWNER = 'org.freedesktop.DBus.Error.NameHasNoOwner';
/** What logind's ESRCH becomes on the bus: in systemd's table of standard errors, and for errno values outside it. */
export const NO_SUCH_PROCESS: readonly string[] = [
  'org.freedesktop.DBus.Error.UnixProcessIdUnknown',
  'System.Error.ESRCH',
];
