/**
 * The template's device as data. This file imports nothing, so that hardware, driver, guest programs, README and tests
 * can all read it, and none of them can disagree.
 */

/** Register set ("rnumber") of the page, in the order device.ts declares its ranges. */
export const TEMPLATE_RSET_PAGE = 0;
/** Bytes of the page. */
export const TEMPLATE_PAGE_SIZE = 4096;
