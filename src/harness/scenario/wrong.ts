/** What a checked scenario found to be wrong in the kernel itself: a stale translation, or something that outlived every space. */
export class Wrong extends Error {
  readonly end: 'stale' | 'leak';

  constructor(end: 'stale' | 'leak', what: string) {
    super(what);
    this.end = end;
  }
}
