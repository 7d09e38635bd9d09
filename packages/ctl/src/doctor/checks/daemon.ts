import type { Check, Finding, Remedy } from '../finding.ts';

const START: Remedy = {
  where: 'in the guest, as root',
  lines: ['systemctl enable --now clipmuxd', 'journalctl -u clipmuxd -n 20'],
};

const RESTART: Remedy = {
  where: 'in the guest, as root',
  lines: ['journalctl -u clipmuxd -n 50', 'systemctl restart clipmuxd'],
};

/** Whether clipmuxd runs, and lets us in. */
export const daemon: Check = {
  title: 'clipmuxd runs and answers',
  examine: ({ control, processes, user }) => {
    const found = (code: string, sentence: string, ...remedies: Remedy[]): Finding[] => [
      { code, severity: 'error', sentence, remedies },
    ];
    switch (control.state) {
      case 'answers':
        return [];
      case 'missing':
      case 'refused': {
        const running = processes.find(({ name }) => name === 'clipmuxd');
        if (running) {
          return found(
            'control-socket-elsewhere',
            `clipmuxd runs (pid ${running.pid}), but not behind ${control.path}: it was told to use another socket`,
            {
              where: 'see which one, and name it',
              lines: [`tr '\\0' ' ' < /proc/${running.pid}/cmdline`, 'clipmuxctl --socket PATH doctor'],
            },
          );
        }
        return found('daemon-not-running', `clipmuxd is not running: ${control.message}`, START);
      }
      case 'denied':
        return found('control-denied', `${user.name} may not speak to clipmuxd: ${control.message}`, {
          where: 'as root, then log in again',
          lines: [`usermod --append --groups clipmux ${user.name}`],
        });
      case 'silent':
        return found('daemon-silent', `clipmuxd runs but does not answer: ${control.message}`, RESTART);
      case 'failed':
        return found('control-failed', `clipmuxd cannot be asked: ${control.message}`, RESTART);
      default:
        return control.state satisfies never;
    }
  },
};
