/** What is wrong with an ELF file, in one line that names the thing and the place; the only error `readElf` throws. */
export class ElfError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'ElfError';
  }
}
