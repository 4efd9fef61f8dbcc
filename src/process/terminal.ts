/** What ioctl(2) answers where a standard stream is a terminal (tty_ioctl(4)). The host's terminal does the echoing and editing. */
import { EFAULT, ENOTTY } from '../base/index.js';
import { ddi_copyin, ddi_copyout } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';

const [TCGETS, TCSETS, TCSETSF, TIOCSCTTY, TIOCGPGRP, TIOCSPGRP, TIOCGWINSZ] = [0x5401, 0x5402, 0x5404, 0x540e, 0x540f, 0x5410, 0x5413];

/** Bytes of the kernel's struct termios: four words of flags, the line discipline, 19 control characters. */
const TERMIOS_SIZE = 36;
/** c_iflag ICRNL|IXON, c_oflag OPOST|ONLCR, c_cflag B38400|CS8|CREAD, c_lflag ISIG|ICANON|ECHO|ECHOE|ECHOK|ECHOCTL|ECHOKE|IEXTEN. */
const FLAGS: readonly number[] = [0x500, 0x5, 0xbf, 0x8a3b];
/** VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSWTC, VSTART, VSTOP, VSUSP, VEOL, VREPRINT, VDISCARD, VWERASE, VLNEXT. */
const CONTROL: readonly number[] = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22];

/** c_lflag: input is given line by line (ICANON). */
const ICANON = 2;
/** Bytes before c_lflag. */
const LFLAG_AT = 12;

/** A terminal of the host. */
export interface TerminalConfig {
  readonly rows: number;
  readonly columns: number;
  /** The guest wants its input line by line and echoed, as it was at first, or each byte as it is typed. */
  readonly onMode?: (lines: boolean) => void;
}

/** The terminal behind the standard streams. */
export class Terminal {
  readonly #termios: Uint8Array = new Uint8Array(TERMIOS_SIZE);
  readonly #config: TerminalConfig;
  #group = 1;

  constructor(config: TerminalConfig) {
    this.#config = config;
    const view = new DataView(this.#termios.buffer);
    FLAGS.forEach((flags, i) => view.setUint32(4 * i, flags, true));
    this.#termios.set(CONTROL, 17);
  }

  /** Answers 0 or an errno: ENOTTY for what it does not know, EFAULT. */
  *ioctl(cmd: number, arg: number, _rvalp: { value: number }): Kgen<number> {
    if (cmd === TCGETS) return yield* give(this.#termios, arg);
    if (cmd >= TCSETS && cmd <= TCSETSF) return yield* this.#change(arg);
    if (cmd === TIOCGWINSZ) {
      const size = new Uint8Array(new Uint16Array([this.#config.rows, this.#config.columns, 0, 0]).buffer);
      return yield* give(size, arg);
    }
    if (cmd === TIOCSCTTY) return 0;
    const group = new Int32Array([this.#group]);
    if (cmd === TIOCGPGRP) return yield* give(new Uint8Array(group.buffer), arg);
    if (cmd !== TIOCSPGRP) return ENOTTY;
    if ((yield* ddi_copyin(arg, new Uint8Array(group.buffer), 4, 0)) !== 0) return EFAULT;
    this.#group = group[0] ?? 1;
    return 0;
  }

  /** Takes the struct termios at user address `from`. */
  *#change(from: number): Kgen<number> {
    const wanted = new Uint8Array(TERMIOS_SIZE);
    if ((yield* ddi_copyin(from, wanted, TERMIOS_SIZE, 0)) !== 0) return EFAULT;
    const lines = ((wanted[LFLAG_AT] ?? 0) & ICANON) !== 0;
    const before = ((this.#termios[LFLAG_AT] ?? 0) & ICANON) !== 0;
    this.#termios.set(wanted);
    if (lines !== before) this.#config.onMode?.(lines);
    return 0;
  }
}

function* give(bytes: Uint8Array, to: number): Kgen<number> {
  return (yield* ddi_copyout(bytes, to, bytes.length, 0)) === 0 ? 0 : EFAULT;
}
