// The unmodified supabase-js and its auth client: every method of `auth` that the service offers.
// Prints one JSON object.
import assert from 'node:assert/strict'
import { AuthClient } from '@supabase/auth-js'
import { createClient } from '@supabase/supabase-js'
import { createHmac, randomUUID } from 'node:crypto'

const { url, anonKey, serviceKey, strictUrl, mailbox, idToken, idNonce, linkToken } = JSON.parse(process.argv[2])
const options = { auth: { autoRefreshToken: false, persistSession: true, storage: memory() } }
const browser = (more = {}) => createClient(url, anonKey, { auth: { ...options.auth, storage: memory(), ...more } })
const strict = (more = {}) => new AuthClient({ url: strictUrl, autoRefreshToken: false, storage: memory(), ...more })
const email = () => `js-${randomUUID().slice(0, 8)}@example.com`
const password = 'correct horse 9'
const ok = ({ data, error }) => (assert.equal(error, null, JSON.stringify(error)), data)
const refused = ({ error }, code, status) => {
  assert.ok(error, `expected ${code}`)
  assert.equal(error.code, code, error.message)
  if (status) assert.equal(error.status, status)
  return error
}
const mail = async (to, kind) => (await fetch(`${mailbox}?${new URLSearchParams({ to, kind })}`)).json()

function memory() {
  const kept = {}
  return { getItem: (k) => kept[k] ?? null, setItem: (k, v) => { kept[k] = v }, removeItem: (k) => { delete kept[k] } }
}

// The code that an authenticator app shows. Source: RFC 6238
function totp(secret) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)))
  const digest = createHmac('sha1', key).update(counter).digest()
  const value = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff
  return String(value % 1e6).padStart(6, '0')
}

const stories = {
  async 'sign up, in, refresh, out'() {
    const ada = browser(), who = { email: email(), password }
    const events = []
    ada.auth.onAuthStateChange((event) => events.push(event))
    const signedUp = ok(await ada.auth.signUp({ ...who, options: { data: { full_name: 'Ada' } } }))
    assert.equal(signedUp.user.email, who.email)
    assert.equal(ok(await ada.from('profiles').select('full_name').single()).full_name, 'Ada')
    refused(await browser().auth.signUp(who), 'user_already_exists', 422)
    assert.equal((await browser().auth.signUp({ email: email(), password: 'x' })).error.name, 'AuthWeakPasswordError')
    refused(await browser().auth.signInWithPassword({ ...who, password: 'wrong' }), 'invalid_credentials', 400)
    const { session } = ok(await ada.auth.signInWithPassword(who))
    assert.equal(ok(await ada.auth.getUser()).user.id, signedUp.user.id)
    assert.equal(ok(await ada.auth.getClaims()).claims.session_id.length, 36)
    const refreshed = ok(await ada.auth.refreshSession())
    assert.notEqual(refreshed.session.refresh_token, session.refresh_token)
    const other = browser()
    ok(await other.auth.setSession(refreshed.session))
    assert.equal(ok(await other.auth.getSession()).session.user.id, signedUp.user.id)
    ok(await ada.auth.signOut({ scope: 'local' }))
    assert.equal((await other.auth.getUser()).error.name, 'AuthSessionMissingError')
    refused(await other.auth.refreshSession({ refresh_token: refreshed.session.refresh_token }), 'refresh_token_not_found', 400)
    assert.ok(['SIGNED_IN', 'TOKEN_REFRESHED', 'SIGNED_OUT'].every((event) => events.includes(event)))
  },

  async 'scopes of signing out'() {
    const [one, two] = [browser(), browser()], who = { email: email(), password }
    ok(await one.auth.signUp(who))
    ok(await two.auth.signInWithPassword(who))
    ok(await two.auth.signOut({ scope: 'others' }))
    assert.ok((await one.auth.getUser()).error)
    assert.ok((await two.auth.getUser()).data.user)
    ok(await two.auth.signOut())
  },

  async 'changing the account'() {
    const ada = browser()
    ok(await ada.auth.signUp({ email: email(), password }))
    assert.deepEqual(ok(await ada.auth.updateUser({ data: { a: 1 } })).user.user_metadata, { a: 1 })
    refused(await ada.auth.updateUser({ password }), 'same_password', 422)
    ok(await ada.auth.updateUser({ password: 'another one 7' }))
    assert.equal(ok(await ada.auth.getUserIdentities()).identities[0].provider, 'email')
    assert.equal((await browser().auth.getUserIdentities()).error.name, 'AuthSessionMissingError')
    refused(await ada.auth.unlinkIdentity(ok(await ada.auth.getUserIdentities()).identities[0]), 'single_identity_not_deletable', 422)
  },

  async 'anonymous, then somebody'() {
    const ada = browser(), address = email()
    const { user } = ok(await ada.auth.signInAnonymously({ options: { data: { cart: 1 } } }))
    assert.equal(user.is_anonymous, true)
    const upgraded = ok(await ada.auth.updateUser({ email: address, password })).user
    assert.deepEqual([upgraded.id, upgraded.email, upgraded.is_anonymous], [user.id, address, false])
    ok(await browser().auth.signInWithPassword({ email: address, password }))
  },

  async 'confirmation, resending, recovery'() {
    const ada = strict(), address = email()
    assert.equal(ok(await ada.signUp({ email: address, password })).session, null)
    refused(await ada.signInWithPassword({ email: address, password }), 'email_not_confirmed', 400)
    refused(await ada.verifyOtp({ email: address, token: 'wrong', type: 'email' }), 'otp_expired', 403)
    ok(await ada.resend({ type: 'signup', email: address }))
    const sent = await mail(address, 'signup')
    assert.equal(ok(await ada.verifyOtp({ email: address, token: sent.code, type: 'email' })).user.email, address)
    const again = ok(await strict().signUp({ email: address, password }))
    assert.deepEqual([again.session, again.user.identities], [null, []])
    ok(await ada.resetPasswordForEmail(address, { redirectTo: 'http://127.0.0.1:3000/reset' }))
    ok(await ada.resetPasswordForEmail(email()))
    const recovery = await mail(address, 'recovery')
    assert.match(recovery.link, /redirect_to=http:\/\/127\.0\.0\.1:3000\/reset/)
    ok(await ada.verifyOtp({ token_hash: recovery.token_hash, type: 'recovery' }))
    ok(await ada.updateUser({ password: 'another one 7' }))
    ok(await ada.reauthenticate())
    assert.ok((await mail(address, 'reauthentication')).code)
  },

  async 'magic link and PKCE'() {
    const ada = strict({ flowType: 'pkce' }), address = email()
    ok(await ada.signInWithOtp({ email: address }))
    const back = await fetch((await mail(address, 'signup')).link, { method: 'POST', redirect: 'manual' })
    const code = new URL(back.headers.get('location')).searchParams.get('code')
    assert.equal(ok(await ada.exchangeCodeForSession(code)).user.email, address)
    refused(await strict().exchangeCodeForSession('mock_code'), 'validation_failed', 400)
    const by = strict()
    ok(await by.signInWithOtp({ phone: '+491701234567' }))
    const sms = await mail('491701234567', 'sms')
    assert.equal(ok(await by.verifyOtp({ phone: '+491701234567', token: sms.code, type: 'sms' })).user.phone, '491701234567')
    refused(await by.verifyOtp({ phone: '+491701234567', token: sms.code, type: 'sms' }), 'otp_expired', 403)
  },

  async 'a change of address'() {
    const ada = strict(), [old, wanted] = [email(), email()]
    ok(await ada.signUp({ email: old, password }))
    ok(await ada.verifyOtp({ email: old, token: (await mail(old, 'signup')).code, type: 'signup' }))
    assert.equal(ok(await ada.updateUser({ email: wanted })).user.new_email, wanted)
    const first = await mail(wanted, 'email_change'), second = await mail(old, 'email_change')
    assert.equal(ok(await ada.verifyOtp({ email: wanted, token: first.code, type: 'email_change' })).session, null)
    assert.equal(ok(await ada.verifyOtp({ email: old, token: second.code, type: 'email_change' })).user.email, wanted)
  },

  async 'other services'() {
    const { url: away } = ok(await strict().signInWithOAuth({ provider: 'google', options: { skipBrowserRedirect: true, scopes: 'openid' } }))
    const there = await fetch(away, { redirect: 'manual' })
    const back = await fetch(there.headers.get('location'), { redirect: 'manual' })
    const site = await fetch(back.headers.get('location'), { redirect: 'manual' })
    const told = new URLSearchParams(new URL(site.headers.get('location')).hash.slice(1))
    const ada = strict()
    const { user } = ok(await ada.setSession({ access_token: told.get('access_token'), refresh_token: told.get('refresh_token') }))
    assert.equal(user.app_metadata.provider, 'google')
    const ben = strict()
    assert.equal(ok(await ben.signInWithIdToken({ provider: 'google', token: idToken, nonce: idNonce })).user.id, user.id)
    const linking = ok(await ben.linkIdentity({ provider: 'github', options: { skipBrowserRedirect: true } }))
    assert.match(linking.url, /login\/oauth\/authorize/)
    refused(await ada.signInWithSSO({ domain: 'example.com' }), 'saml_provider_disabled', 404)
    const web3 = { chain: 'solana', message: 'a message', signature: new Uint8Array([1, 2, 3]) }
    refused(await ada.signInWithWeb3(web3), 'web3_provider_disabled', 422)
  },

  async 'identities by a token, linked and unlinked'() {
    const ada = strict(), address = email()
    ok(await ada.signUp({ email: address, password }))
    ok(await ada.verifyOtp({ email: address, token: (await mail(address, 'signup')).code, type: 'signup' }))
    assert.equal(ok(await ada.linkIdentity({ provider: 'google', token: linkToken })).user.email, address)
    const identities = ok(await ada.getUserIdentities()).identities
    assert.deepEqual(identities.map(({ provider }) => provider), ['email', 'google'])
    refused(await ada.linkIdentity({ provider: 'google', token: linkToken }), 'identity_already_exists', 422)
    ok(await ada.unlinkIdentity(identities[1]))
    assert.equal(ok(await ada.getUserIdentities()).identities.length, 1)
  },

  async 'what is off says so'() {
    const ada = browser({ experimental: { passkey: true } })
    ok(await ada.auth.signInAnonymously())
    const ethereum = { chain: 'ethereum', message: 'a message', signature: '0x01' }
    refused(await ada.auth.signInWithWeb3(ethereum), 'web3_provider_disabled', 422)
    refused(await ada.auth.passkey.list(), 'passkey_disabled', 404)
    refused(await ada.auth.passkey.delete({ passkeyId: randomUUID() }), 'passkey_disabled', 404)
    refused(await ada.auth.passkey.startAuthentication(), 'passkey_disabled', 404)
    refused(await ada.auth.passkey.startRegistration(), 'passkey_disabled', 404)
    refused(await ada.auth.oauth.getAuthorizationDetails('some-id'), 'feature_disabled', 404)
    refused(await ada.auth.oauth.listGrants(), 'feature_disabled', 404)
    refused(await ada.auth.mfa.enroll({ factorType: 'phone', phone: '+491701234567' }), 'mfa_phone_enroll_not_enabled', 422)
    const { auth: { admin } } = createClient(url, serviceKey, { auth: { ...options.auth, experimental: { passkey: true } } })
    refused(await admin.oauth.listClients(), 'feature_disabled', 404)
    refused(await admin.customProviders.listProviders(), 'feature_disabled', 404)
    refused(await admin.passkey.listPasskeys({ userId: randomUUID() }), 'passkey_disabled', 404)
    refused(await ada.auth.admin.customProviders.listProviders(), 'not_admin', 403)
  },

  async 'a second factor'() {
    const ada = browser()
    ok(await ada.auth.signUp({ email: email(), password }))
    const factor = ok(await ada.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' }))
    assert.match(factor.totp.qr_code, /^data:image\/svg\+xml;utf-8,<svg/)
    const challenge = ok(await ada.auth.mfa.challenge({ factorId: factor.id }))
    refused(await ada.auth.mfa.verify({ factorId: factor.id, challengeId: challenge.id, code: '000000' }), 'mfa_verification_failed', 422)
    ok(await ada.auth.mfa.verify({ factorId: factor.id, challengeId: challenge.id, code: totp(factor.totp.secret) }))
    const level = ok(await ada.auth.mfa.getAuthenticatorAssuranceLevel())
    assert.deepEqual([level.currentLevel, level.nextLevel], ['aal2', 'aal2'])
    assert.equal(ok(await ada.auth.mfa.listFactors()).totp.length, 1)
    ok(await ada.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret) }))
    ok(await ada.auth.mfa.unenroll({ factorId: factor.id }))
    assert.equal(ok(await ada.auth.mfa.listFactors()).all.length, 0)
  },

  async 'the operator'() {
    const { auth: { admin } } = createClient(url, serviceKey, options)
    const address = email()
    const { user } = ok(await admin.createUser({ email: address, password, email_confirm: true, user_metadata: { a: 1 } }))
    assert.deepEqual(user.user_metadata, { a: 1 })
    const page = ok(await admin.listUsers({ page: 1, perPage: 2 }))
    assert.ok(page.users.length === 2 && page.total > 2 && page.lastPage > 1)
    assert.equal(ok(await admin.getUserById(user.id)).user.email, address)
    assert.equal(ok(await admin.updateUserById(user.id, { app_metadata: { plan: 'gold' } })).user.app_metadata.plan, 'gold')
    const link = ok(await admin.generateLink({ type: 'magiclink', email: address }))
    assert.equal(ok(await browser().auth.verifyOtp({ token_hash: link.properties.hashed_token, type: 'magiclink' })).user.id, user.id)
    assert.ok(ok(await admin.inviteUserByEmail(email())).user.invited_at)
    const ada = browser()
    const { session } = ok(await ada.auth.signInWithPassword({ email: address, password }))
    const factor = ok(await ada.auth.mfa.enroll({ factorType: 'totp' }))
    assert.equal(ok(await admin.mfa.listFactors({ userId: user.id })).factors.length, 1)
    assert.equal(ok(await admin.mfa.deleteFactor({ userId: user.id, id: factor.id })).data.id, factor.id)
    ok(await admin.signOut(session.access_token, 'global'))
    assert.equal((await ada.auth.getUser()).error.name, 'AuthSessionMissingError')
    ok(await admin.deleteUser(user.id))
    refused(await admin.getUserById(user.id), 'user_not_found', 404)
    refused(await browser().auth.admin.listUsers(), 'not_admin', 403)
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
