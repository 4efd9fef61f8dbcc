/** Framing: checksums, escapes, acknowledgements, and whatever else may arrive on a socket. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { debug, frame } from './client.js';

const EXIT = '_start: li a0, 3\n li a7, 93\n ecall\n';

describe('a packet', () => {
  it('is acknowledged and answered; both in bytes as the manual writes them', () => {
    const { client } = debug(EXIT);
    // "vMustReplyEmpty" sums to 0x3a modulo 256.
    expect(client.raw('$vMustReplyEmpty#3a')).toBe('+$#00');
    expect(client.raw('$qAttached#8f')).toBe('+$1#31');
  });

  it('with a wrong checksum is refused, and the answer to the one before is not repeated for it', () => {
    const { client } = debug(EXIT);
    expect(client.raw('$qAttached#8e')).toBe('-');
    expect(client.raw('$qAttached#zz')).toBe('-');
    expect(client.raw('$qAttached#8f')).toBe('+$1#31');
  });

  it('that the debugger has not understood is sent again', () => {
    const { client } = debug(EXIT);
    client.raw('$qAttached#8f');
    expect(client.raw('-')).toBe('$1#31');
    expect(client.raw('+')).toBe('');
  });

  it('may come in pieces, or several at a time, with noise between', () => {
    const { client } = debug(EXIT);
    expect([...'$qAttached#8f'].map((byte) => client.raw(byte)).join('')).toBe('+$1#31');
    expect(client.raw('+xx$qAttached#8f\n$qAttached#8f')).toBe('+$1#31+$1#31');
    expect(client.raw('$qAtt$qAttached#8f')).toBe('+$1#31');
  });

  it('without acknowledgements, once agreed, has none; what cannot be read then is passed over', () => {
    const { client } = debug(EXIT);
    expect(client.raw(frame('QStartNoAckMode'))).toBe('+$OK#9a');
    expect(client.raw('+$qAttached#8f')).toBe('$1#31');
    expect(client.raw('$qAttached#00-')).toBe('');
  });

  it('longer than was agreed is an error, and the next one is read as usual', () => {
    const { client } = debug(EXIT);
    const most = Number.parseInt(/PacketSize=([0-9a-f]+)/.exec(client.ask('qSupported:'))![1]!, 16);
    expect(client.raw(frame(`m0,1${'0'.repeat(most)}`))).toMatch(/^\+\$E[0-9a-f]{2}#/);
    expect(client.raw('$qAttached#8f')).toBe('+$1#31');
  });

  it('nobody knows has an empty answer', () => {
    const { client } = debug(EXIT);
    for (const unknown of ['vMustReplyEmpty', 'qTStatus', 'Qbtrace:bts', 'vFile:setfs:0', '_', 'i', 'qXfer:auxv:write::0,0:', 'qXfer:libraries:read::0,100', 'R00']) {
      expect(client.ask(unknown)).toBe('');
    }
  });
});

describe('the packet door', () => {
  const shapes = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 40 }),
    fc.tuple(
      fc.constantFrom('m', 'M', 'x', 'X', 'g', 'G', 'p', 'P', 'H', 'Hg', 'Hc', 'T', 'Z', 'z', 'Z0,', 'Z2,', 'z4,', 'vCont', 'vCont;s:', 'vAttach;', 'qXfer:features:read:target.xml:',
        'qThreadExtraInfo,', 'qRcmd,', 'qSupported:', 'QPassSignals:', 'D;', '?', 'qC', 'qfThreadInfo', 'qsThreadInfo', 'vKill;ff', 'C', 'S'),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdefp.,:;=-+#}*x \u00ff'), maxLength: 30 }),
    ).map(([name, rest]) => name + rest),
  );

  it('answers whatever comes with a packet or nothing, never with an exception (seed 33)', () => {
    let { client } = debug('_start: j _start\n');
    fc.assert(fc.property(fc.array(shapes, { maxLength: 12 }), (packets) => {
      if (client.session.ended !== undefined || client.ask('qfThreadInfo') === 'l') ({ client } = debug('_start: j _start\n'));
      for (const payload of packets) {
        client.raw(frame(payload.replace(/[$#]/g, '')));
        for (let n = 0; client.session.running && n < 2; n++) client.session.run(() => n > 0);
        if (client.session.running) client.raw('\u0003');
        for (let n = 0; client.session.running && n < 3; n++) client.session.run(() => true);
        if (client.session.ended !== undefined) return;
      }
      client.take();
      expect(client.ask('qAttached')).toBe('1');
    }), { seed: 33, numRuns: 200 });
  });

  it('takes random bytes (seed 34)', () => {
    const { client } = debug('_start: j _start\n');
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      client.session.receive(bytes);
    }), { seed: 34, numRuns: 200 });
    client.raw('#00');
    client.take();
    expect(client.raw('$qAttached#8f')).toMatch(/\$1#31$/);
  });
});
