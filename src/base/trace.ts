/**
 * The one event stream of a machine.
 *
 * Emitters ask `trace.on` first, so that a machine nobody watches pays one load and one branch:
 *
 *     if (trace.on) trace.emit('hat_unload', { as: as.name, va, len, flags });
 */
import type { TraceEvents } from './trace-events.js';

/** Names of all events. */
export type TraceKind = keyof TraceEvents;

/** One event as it reaches a sink: its name, its place in the stream and its fields, in the order of their declaration. */
export interface TraceEvent<K extends TraceKind = TraceKind> {
  readonly seq: number;
  readonly kind: K;
  readonly fields: TraceEvents[K];
}

/** Receives every event, in order. */
export type TraceSink = (event: TraceEvent) => void;

/** Distributes events to its sinks. Deterministic: it adds nothing but a sequence number. */
export class Trace {
  /** Whether anybody listens; false costs the emitters nothing else. */
  on = false;
  #seq = 0;
  #sinks: TraceSink[] = [];

  /** Adds a sink; returns the function that removes it. */
  listen(sink: TraceSink): () => void {
    this.#sinks.push(sink);
    this.on = true;
    return () => {
      this.#sinks = this.#sinks.filter((other) => other !== sink);
      this.on = this.#sinks.length > 0;
    };
  }

  /** Sends one event to every sink. Callers check `on` first. */
  emit<K extends TraceKind>(kind: K, fields: TraceEvents[K]): void {
    const event: TraceEvent = { seq: this.#seq++, kind, fields };
    for (const sink of this.#sinks) sink(event);
  }
}
