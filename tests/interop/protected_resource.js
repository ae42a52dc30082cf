// An API that accepts the provider's tokens: bearer (RFC 6750), bound by DPoP (RFC 9449 §7), bound to a certificate
// (RFC 8705 §3). Its nonces change every `nonces.step` seconds, and one is good for `nonces.window` seconds.

import { createHash, randomUUID } from 'node:crypto';

import * as jose from 'jose';

const ALGS = ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'PS256'];

const sha256 = (data) => createHash('sha256').update(data).digest('base64url');

class Refused extends Error {
  constructor(scheme, error, description, nonce) {
    super(description);
    Object.assign(this, { scheme, error, nonce });
  }
}

class Nonces {
  #given = new Map();

  #current;

  constructor({ step, window }) {
    Object.assign(this, { step, window });
  }

  current() {
    const now = Date.now() / 1000;
    if (!this.#current || now - this.#given.get(this.#current) >= this.step) {
      this.#current = randomUUID();
      this.#given.set(this.#current, now);
    }
    return this.#current;
  }

  // A nonce counts from the moment at which it was last given out.
  accepts(nonce) {
    const since = this.#given.get(nonce);
    return since !== undefined && Date.now() / 1000 - since < this.step + this.window;
  }
}

export function protectedResource({ provider, issuer, jwks, certificateOf, nonces: lives }) {
  const keys = jose.createLocalJWKSet({ keys: jwks.keys.map(({ d, p, q, dp, dq, qi, ...key }) => key) });
  const nonces = new Nonces(lives ?? { step: 3600, window: 5 });
  const proofs = new Set();

  async function find(value) {
    if (value.split('.').length === 3) {
      try {
        const { payload } = await jose.jwtVerify(value, keys, { issuer, typ: 'at+jwt' });
        return { aud: payload.aud, jkt: payload.cnf?.jkt, certificate: payload.cnf?.['x5t#S256'], scope: payload.scope };
      } catch {
        return undefined;
      }
    }
    const token = await provider.ClientCredentials.find(value) ?? await provider.AccessToken.find(value);
    return token && { aud: token.aud, jkt: token.jkt, certificate: token['x5t#S256'], scope: token.scope };
  }

  async function verifyProof(ctx, value) {
    let verified;
    try {
      verified = await jose.jwtVerify(ctx.get('DPoP'), jose.EmbeddedJWK, { algorithms: ALGS, typ: 'dpop+jwt' });
    } catch (error) {
      throw new Refused('DPoP', 'invalid_dpop_proof', `the proof does not verify: ${error.message}`);
    }
    const { payload, protectedHeader } = verified;
    const htu = URL.parse(payload.htu);
    if (!htu || htu.search || htu.hash || htu.href !== new URL(ctx.path, ctx.href).href) {
      throw new Refused('DPoP', 'invalid_dpop_proof', `htu is ${payload.htu}`);
    }
    if (payload.htm !== ctx.method) throw new Refused('DPoP', 'invalid_dpop_proof', `htm is ${payload.htm}`);
    if (payload.ath !== sha256(value)) throw new Refused('DPoP', 'invalid_dpop_proof', 'ath is of another token');
    if (!payload.jti || proofs.has(payload.jti)) throw new Refused('DPoP', 'invalid_dpop_proof', 'the proof was seen before');
    proofs.add(payload.jti);
    const current = nonces.current();
    if (payload.nonce !== current) ctx.set('DPoP-Nonce', current);
    if (!nonces.accepts(payload.nonce)) throw new Refused('DPoP', 'use_dpop_nonce', 'a current nonce is wanted');
    return jose.calculateJwkThumbprint(protectedHeader.jwk);
  }

  async function check(ctx) {
    const [scheme, value, ...more] = ctx.get('Authorization').split(' ');
    if (!value || more.length) throw new Refused();
    const proven = ctx.get('DPoP') !== '';
    if (proven !== (scheme.toLowerCase() === 'dpop')) throw new Refused('DPoP', 'invalid_request', 'scheme and proof do not match');
    const token = await find(value);
    if (!token) throw new Refused(proven ? 'DPoP' : 'Bearer', 'invalid_token', 'unknown, revoked or expired');
    const wanted = ctx.path.startsWith('/any') ? undefined : `${issuer}/${ctx.path.split('/')[1]}`;
    if (wanted && token.aud !== wanted) throw new Refused('Bearer', 'invalid_token', 'the token is for another API');
    if (token.certificate && token.certificate !== sha256(certificateOf(ctx)?.raw ?? '')) {
      throw new Refused('Bearer', 'invalid_token', 'the token is bound to another certificate');
    }
    const jkt = proven ? await verifyProof(ctx, value) : undefined;
    if (token.jkt !== jkt) throw new Refused('DPoP', 'invalid_token', 'the token is bound to another key, or to none');
    return token;
  }

  return async (ctx) => {
    try {
      const { aud, jkt, certificate, scope } = await check(ctx);
      if (ctx.query.to) {
        ctx.status = 307;
        ctx.set('Location', ctx.query.to);
        return;
      }
      ctx.body = { aud, jkt, certificate, scope };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      ctx.status = error.error === 'invalid_request' ? 400 : 401;
      const said = error.error ? `, error="${error.error}", error_description="${error.message.replaceAll('"', "'")}"` : '';
      const scheme = error.scheme ?? 'Bearer';
      const others = ['Bearer', 'DPoP'].filter((name) => name !== scheme).map((name) => `${name} realm="api"`);
      ctx.set('WWW-Authenticate', [`${scheme} realm="api"${said}`, ...others].join(', '));
      ctx.body = { error: error.error, error_description: error.message };
    }
  };
}
