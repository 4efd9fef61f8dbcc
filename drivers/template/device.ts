/**
 * The template's hardware: one page of device memory.
 *
 * Hardware declares what it has; the machine decides where in the physical address space it goes. A range of kind
 * 'memory' is bytes and needs no code. For registers, whose reads and writes do something, declare a range of kind
 * 'registers' with a RegisterBank: drivers/regbank/device.ts shows how.
 */
import type { Hardware, RangeSpec } from '../../src/bus/index.js';
import { TEMPLATE_PAGE_SIZE } from './registers.js';

/** One template device. Give it to a machine together with `templateDriver`. */
export class TemplateDevice implements Hardware {
  readonly name = 'template';
  readonly ranges: readonly RangeSpec[] = [{ kind: 'memory', name: 'page', size: TEMPLATE_PAGE_SIZE }];
}
