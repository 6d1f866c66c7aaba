// The unmodified auth client: passkeys, security keys and phones as factors, and the OAuth server.
// Prints one JSON object.
import assert from 'node:assert/strict'
import { AuthClient } from '@supabase/auth-js'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { SecurityKey } from './security_key.mjs'

const { url, serviceKey, mailbox } = JSON.parse(process.argv[2])
const origin = 'http://127.0.0.1:3000'
const site = { rpId: '127.0.0.1', rpOrigins: [origin] }
const password = 'correct horse 9'
const ok = ({ data, error }) => (assert.equal(error, null, JSON.stringify(error)), data)
const refused = ({ error }, code, status) => {
  assert.equal(error?.code, code, error?.message)
  assert.equal(error.status, status)
}

function memory() {
  const kept = {}
  return { getItem: (k) => kept[k] ?? null, setItem: (k, v) => { kept[k] = v }, removeItem: (k) => { delete kept[k] } }
}
const browser = (headers = {}) => new AuthClient({
  url, headers, autoRefreshToken: false, storage: memory(), storageKey: randomUUID(), experimental: { passkey: true },
})
const operator = browser({ Authorization: `Bearer ${serviceKey}` })
async function person() {
  const client = browser()
  const { user } = ok(await client.signUp({ email: `key-${randomUUID().slice(0, 8)}@example.com`, password }))
  return { client, user }
}
const sms = async (to) => (await fetch(`${mailbox}?${new URLSearchParams({ to, kind: 'sms' })}`)).json()

// What authorize answers: the page of the site, with the id of the request.
async function request(clientId, redirectUri, verifier, scope = 'email') {
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const asked = new URLSearchParams({
    client_id: clientId, redirect_uri: redirectUri, response_type: 'code', scope, state: 's',
    code_challenge: challenge, code_challenge_method: 'S256',
  })
  const answer = await fetch(`${url}/oauth/authorize?${asked}`, { redirect: 'manual' })
  return new URL(answer.headers.get('location')).searchParams.get('authorization_id')
}

const stories = {
  async 'passkeys, step by step'() {
    const { client, user } = await person()
    const key = new SecurityKey(origin)
    const begun = ok(await client.passkey.startRegistration())
    const made = ok(await client.passkey.verifyRegistration({ challengeId: begun.challenge_id, credential: key.create(begun.options) }))
    refused(await client.passkey.verifyRegistration({ challengeId: begun.challenge_id, credential: key.create(begun.options) }),
      'webauthn_challenge_not_found', 400)
    const asked = ok(await browser().passkey.startAuthentication())
    const answer = { challengeId: asked.challenge_id, credential: key.sign(asked.options) }
    const other = browser()
    assert.equal(ok(await other.passkey.verifyAuthentication(answer)).user.id, user.id)
    refused(await browser().passkey.verifyAuthentication(answer), 'webauthn_challenge_not_found', 400)
    assert.equal(ok(await client.passkey.update({ passkeyId: made.id, friendlyName: 'phone' })).friendly_name, 'phone')
    refused(await client.passkey.update({ passkeyId: randomUUID(), friendlyName: 'x' }), 'webauthn_credential_not_found', 404)
    assert.deepEqual(ok(await client.passkey.list()).map((each) => each.friendly_name), ['phone'])
    assert.equal(ok(await operator.admin.passkey.listPasskeys({ userId: user.id })).length, 1)
    refused(await client.admin.passkey.listPasskeys({ userId: user.id }), 'no_authorization', 401)
    ok(await client.passkey.delete({ passkeyId: made.id }))
    refused(await operator.admin.passkey.deletePasskey({ userId: user.id, passkeyId: made.id }), 'webauthn_credential_not_found', 404)
  },

  async 'passkeys and keys by the browser'() {
    const key = new SecurityKey(origin)
    class PublicKeyCredential {}
    const signed = (answer) => Object.assign(new PublicKeyCredential(), answer)
    const credentials = {
      create: async ({ publicKey }) => signed(key.create(publicKey)), get: async ({ publicKey }) => signed(key.sign(publicKey)),
    }
    const parts = { document: {}, window: globalThis, navigator: { credentials }, PublicKeyCredential }
    const before = Object.keys(parts).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)])
    for (const [name, value] of Object.entries(parts)) Object.defineProperty(globalThis, name, { configurable: true, writable: true, value })
    try {
      const { client, user } = await person()
      ok(await client.registerPasskey())
      assert.equal(ok(await browser().signInWithPasskey()).user.id, user.id)
      const factor = ok(await client.mfa.webauthn.register({ friendlyName: 'key', webauthn: site }))
      assert.ok(factor.access_token)
      ok(await client.signInWithPassword({ email: user.email, password }))
      const [{ id }] = ok(await client.mfa.listFactors()).all
      ok(await client.mfa.webauthn.authenticate({ factorId: id, webauthn: site }))
      assert.equal(ok(await client.mfa.getAuthenticatorAssuranceLevel()).currentLevel, 'aal2')
      refused(await client.mfa.challenge({ factorId: id, webauthn: { ...site, rpId: 'evil.example' } }), 'validation_failed', 400)
    } finally {
      for (const [name, was] of before) was ? Object.defineProperty(globalThis, name, was) : delete globalThis[name]
    }
  },

  async 'a phone as a factor'() {
    const { client } = await person()
    const phone = `4915${String(randomBytes(4).readUInt32BE()).padStart(9, '0').slice(0, 9)}`
    const factor = ok(await client.mfa.enroll({ factorType: 'phone', phone: `+${phone}` }))
    const challenge = ok(await client.mfa.challenge({ factorId: factor.id, channel: 'sms' }))
    refused(await client.mfa.verify({ factorId: factor.id, challengeId: challenge.id, code: 'wrong' }), 'mfa_verification_failed', 422)
    ok(await client.mfa.verify({ factorId: factor.id, challengeId: challenge.id, code: (await sms(phone)).code }))
    assert.equal(ok(await client.mfa.listFactors()).phone.length, 1)
    ok(await client.mfa.unenroll({ factorId: factor.id }))
  },

  async 'an operator looks after clients'() {
    const { oauth } = operator.admin
    const made = ok(await oauth.createClient({ client_name: 'Diary', redirect_uris: ['https://client.example/back'] }))
    assert.ok(made.client_secret && made.client_type === 'confidential')
    refused(await oauth.createClient({ client_name: 'Diary', redirect_uris: ['http://client.example'] }), 'validation_failed', 400)
    assert.ok(ok(await oauth.listClients({ page: 1, perPage: 100 })).clients.some((each) => each.client_id === made.client_id))
    assert.equal(ok(await oauth.getClient(made.client_id)).client_secret, undefined)
    assert.equal(ok(await oauth.updateClient(made.client_id, { client_name: 'New' })).client_name, 'New')
    assert.notEqual(ok(await oauth.regenerateClientSecret(made.client_id)).client_secret, made.client_secret)
    ok(await oauth.deleteClient(made.client_id))
    refused(await oauth.getClient(made.client_id), 'oauth_client_not_found', 404)
    refused(await oauth.updateClient(made.client_id, { client_name: 'x' }), 'oauth_client_not_found', 404)
    refused(await oauth.regenerateClientSecret(made.client_id), 'oauth_client_not_found', 404)
    refused(await oauth.deleteClient(made.client_id), 'oauth_client_not_found', 404)
    refused(await (await person()).client.admin.oauth.listClients(), 'no_authorization', 401)
  },

  async 'a user agrees, and takes it back'() {
    const back = 'https://client.example/back', verifier = randomBytes(48).toString('base64url')
    const app = ok(await operator.admin.oauth.createClient({ client_name: 'Diary', redirect_uris: [back], token_endpoint_auth_method: 'none' }))
    const { client, user } = await person()
    refused(await client.oauth.getAuthorizationDetails('nothing'), 'oauth_authorization_not_found', 404)
    const id = await request(app.client_id, back, verifier)
    const details = ok(await client.oauth.getAuthorizationDetails(id))
    assert.deepEqual([details.client.name, details.user.id, details.scope], ['Diary', user.id, 'email'])
    const agreed = ok(await client.oauth.approveAuthorization(id, { skipBrowserRedirect: true }))
    refused(await client.oauth.denyAuthorization(id, { skipBrowserRedirect: true }), 'validation_failed', 400)
    const code = new URL(agreed.redirect_url).searchParams.get('code')
    const form = { grant_type: 'authorization_code', client_id: app.client_id, code, redirect_uri: back, code_verifier: verifier }
    const tokens = await (await fetch(`${url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) })).json()
    assert.equal(ok(await client.getUser(tokens.access_token)).user.id, user.id)
    assert.equal(ok(await client.oauth.listGrants()).length, 1)
    const again = ok(await client.oauth.getAuthorizationDetails(await request(app.client_id, back, verifier)))
    assert.ok(again.redirect_url.startsWith(back))
    ok(await client.oauth.revokeGrant({ clientId: app.client_id }))
    refused(await client.oauth.revokeGrant({ clientId: app.client_id }), 'oauth_consent_not_found', 404)
    assert.ok((await browser().getUser(tokens.access_token)).error)
    const other = await request(app.client_id, back, verifier)
    ok(await client.oauth.getAuthorizationDetails(other))
    const denied = ok(await client.oauth.denyAuthorization(other, { skipBrowserRedirect: true }))
    assert.equal(new URL(denied.redirect_url).searchParams.get('error'), 'access_denied')
  },
}

for (const [name, story] of Object.entries(stories)) {
  try {
    await story()
  } catch (error) {
    console.error(`${name}: ${error.stack}`)
    process.exit(1)
  }
}
console.log(JSON.stringify({ stories: Object.keys(stories).length }))
// In a browser the client keeps a channel open between its tabs.
process.exit()
