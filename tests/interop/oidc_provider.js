// node-oidc-provider, with an API beside it that checks its tokens.
//
// The first argument is a JSON file: `port`, `clients` (their metadata), `lives` (seconds by client id), and where mutual
// TLS is wanted `tls` with `port`, `cert`, `key` and `ca`. `workload` names the issuer and the keys whose assertions the
// grants of RFC 7523 and RFC 8693 accept. GET /control returns what was asked since the last time, and forgets it.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

import * as jose from 'jose';
import { Provider, errors } from 'oidc-provider';

import { protectedResource } from './protected_resource.js';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const issuer = `http://127.0.0.1:${config.port}`;
const secure = config.tls && `https://127.0.0.1:${config.tls.port}`;

async function signingKey(alg) {
  const { privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  return { ...(await jose.exportJWK(privateKey)), alg, use: 'sig', kid: alg };
}

const jwks = { keys: [await signingKey('RS256'), await signingKey('ES256')] };
const certificateOf = (ctx) => ctx.socket.getPeerX509Certificate?.();

// The APIs that a token may be for: /opaque takes references that only this server can read, /jwt signed tokens.
const resources = {
  [`${issuer}/opaque`]: { scope: 'read write', accessTokenFormat: 'opaque' },
  [`${issuer}/jwt`]: { scope: 'read write', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } },
};

// The client "admin" may look at everybody's tokens, and end them.
const ownOrAdmin = (_ctx, client, token) => client.clientId === 'admin' || token.clientId === client.clientId;
const life = (_ctx, token, client) => config.lives[client.clientId] ?? 600;

const provider = new Provider(issuer, {
  clients: config.clients,
  jwks,
  scopes: ['openid', 'offline_access', 'read', 'write'],
  clientAuthMethods: [
    'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none',
    ...(secure ? ['tls_client_auth', 'self_signed_tls_client_auth'] : []),
  ],
  enabledJWA: {
    clientAuthSigningAlgValues: ['HS256', 'RS256', 'PS256', 'ES256', 'ES384', 'Ed25519', 'EdDSA'],
    dPoPSigningAlgValues: ['PS256', 'ES256', 'ES384', 'Ed25519', 'EdDSA'],
  },
  // draft-ietf-oauth-rfc7523bis: the issuer as a string, and nothing else.
  assertJwtClientAuthClaimsAndHeader(_ctx, claims, header) {
    asked.assertions.push({ aud: claims.aud, typ: header.typ, alg: header.alg, jti: claims.jti });
    if (claims.aud !== issuer) throw new errors.InvalidClientAuth('audience (aud) must be the issuer alone');
  },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  ttl: { ClientCredentials: life, AccessToken: life },
  pkce: { required: () => true },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: () => true,
  ...(secure && {
    discovery: {
      mtls_endpoint_aliases: {
        token_endpoint: `${secure}/token`,
        revocation_endpoint: `${secure}/token/revocation`,
        introspection_endpoint: `${secure}/token/introspection`,
      },
    },
  }),
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: ownOrAdmin },
    revocation: { enabled: true, allowedPolicy: ownOrAdmin },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo(_ctx, indicator, client) {
        const resource = resources[indicator];
        if (!resource) throw new errors.InvalidTarget();
        return { ...resource, audience: indicator, accessTokenTTL: config.lives[client.clientId] ?? 600 };
      },
    },
    mTLS: {
      enabled: Boolean(secure),
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      getCertificate: certificateOf,
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) => (
        property === 'tls_client_auth_subject_dn' && certificateOf(ctx).subject === expected
      ),
    },
  },
});

const asked = { token: [], api: [], revocation: [], introspection: [], metadata: 0, assertions: [] };

function take() {
  const copy = structuredClone(asked);
  Object.assign(asked, { token: [], api: [], revocation: [], introspection: [], metadata: 0, assertions: [] });
  return copy;
}

const api = protectedResource({ provider, issuer, jwks, certificateOf, nonces: config.nonces });

provider.use(async (ctx, next) => {
  const { path } = ctx;
  if (path === '/control') {
    ctx.body = take();
    return;
  }
  const isApi = /^\/(any|opaque|jwt)(\/|$)/.test(path);
  await (isApi ? api(ctx) : next());
  const list = { '/token': asked.token, '/token/revocation': asked.revocation, '/token/introspection': asked.introspection };
  if (path.startsWith('/.well-known/')) asked.metadata += 1;
  (isApi ? asked.api : list[path])?.push({
    status: ctx.status, error: ctx.body?.error, nonce: Boolean(ctx.response.get('dpop-nonce')), secure: ctx.secure,
  });
});

// Grants that take an assertion which somebody else has signed, for the wire format of RFC 7523 §2.1 and RFC 8693 §2.1.
async function workloadOf(assertion) {
  const keys = jose.createLocalJWKSet(config.workload.jwks);
  try {
    return await jose.jwtVerify(assertion, keys, {
      issuer: config.workload.issuer, audience: issuer, requiredClaims: ['exp', 'sub'],
    });
  } catch (cause) {
    throw new errors.InvalidGrant('the assertion does not verify', undefined, { cause });
  }
}

async function issue(ctx, members) {
  const { client } = ctx.oidc;
  const token = new provider.ClientCredentials({ client, scope: ctx.oidc.params.scope });
  ctx.body = {
    access_token: await token.save(), expires_in: token.expiration, token_type: token.tokenType, scope: token.scope, ...members,
  };
}

if (config.workload) {
  provider.registerGrantType('urn:ietf:params:oauth:grant-type:jwt-bearer', async (ctx) => {
    await workloadOf(ctx.oidc.params.assertion);
    await issue(ctx);
  }, ['assertion', 'scope']);
  const jwt = 'urn:ietf:params:oauth:token-type:jwt';
  const accessToken = 'urn:ietf:params:oauth:token-type:access_token';
  provider.registerGrantType('urn:ietf:params:oauth:grant-type:token-exchange', async (ctx) => {
    const { subject_token: subject, subject_token_type: type, requested_token_type: wanted } = ctx.oidc.params;
    if (type !== jwt) throw new errors.InvalidRequest(`subject_token_type is not ${jwt}`);
    if (wanted !== undefined && wanted !== accessToken) throw new errors.InvalidRequest(`requested_token_type is not ${accessToken}`);
    await workloadOf(subject);
    await issue(ctx, { issued_token_type: accessToken });
  }, ['subject_token', 'subject_token_type', 'requested_token_type', 'scope', 'audience']);
}

const answer = provider.callback();
if (secure) {
  const files = Object.fromEntries(['cert', 'key', 'ca'].map((name) => [name, readFileSync(config.tls[name])]));
  createTlsServer({ ...files, requestCert: true, rejectUnauthorized: false }, answer).listen(config.tls.port, '127.0.0.1');
}
provider.on('server_error', (_ctx, error) => console.error(error));
provider.on('grant.error', (_ctx, error) => console.error(error.error, error.error_detail ?? error.error_description, error.cause ?? ''));
createServer(answer).listen(config.port, '127.0.0.1');
