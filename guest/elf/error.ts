/** What is wrong with an ELF file, in one line that names the thing and the place; the only error `readElf` throws. */
export class ElfError extends Error {
  /** It may be a program of another system: it asks for a dynamic linker. */
  readonly dynamic: boolean;

  constructor(what: string, dynamic = false) {
    super(what);
    this.dynamic = dynamic;
    this.name = 'ElfError';
  }
}
