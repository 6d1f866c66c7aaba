// A security key in software, as navigator.credentials answers for one. Source: W3C Web Authentication
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto'

const sha256 = (bytes) => createHash('sha256').update(bytes).digest()
const base64url = (value) => (typeof value === 'string' ? value : Buffer.from(value).toString('base64url'))
const text = (value) => Buffer.concat([Buffer.from([0x60 | value.length]), Buffer.from(value)])
const bytes = (value) => Buffer.concat([value.length < 24 ? Buffer.from([0x40 | value.length])
  : value.length < 256 ? Buffer.from([0x58, value.length]) : Buffer.from([0x59, value.length >> 8, value.length & 255]), value])

export class SecurityKey {
  constructor(origin) {
    this.origin = origin
    this.counter = 0
    this.id = randomBytes(32)
    this.keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  }

  create({ rp, user, challenge }) {
    this.user = base64url(user.id)
    const { x, y } = this.keys.publicKey.export({ format: 'jwk' })
    // {1: 2, 3: -7, -1: 1, -2: x, -3: y} in CBOR: an EC2 key for ES256 on P-256.
    const key = Buffer.concat([Buffer.from([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21]), bytes(Buffer.from(x, 'base64url')),
      Buffer.from([0x22]), bytes(Buffer.from(y, 'base64url'))])
    const data = Buffer.concat([this.data(rp.id, 0x45), Buffer.alloc(16), Buffer.from([0, 32]), this.id, key])
    const attestationObject = Buffer.concat([Buffer.from([0xa3]), text('fmt'), text('none'), text('attStmt'),
      Buffer.from([0xa0]), text('authData'), bytes(data)])
    return this.answer({ clientDataJSON: this.client('webauthn.create', challenge), attestationObject })
  }

  sign({ rpId, challenge }) {
    this.counter += 1
    const authenticatorData = this.data(rpId, 0x05)
    const clientDataJSON = this.client('webauthn.get', challenge)
    const signature = createSign('sha256').update(Buffer.concat([authenticatorData, sha256(clientDataJSON)]))
      .sign(this.keys.privateKey)
    return this.answer({ clientDataJSON, authenticatorData, signature, userHandle: this.user ?? null })
  }

  data(site, flags) {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.counter)
    return Buffer.concat([sha256(site), Buffer.from([flags]), counter])
  }

  client(type, challenge) {
    return Buffer.from(JSON.stringify({ type, challenge: base64url(challenge), origin: this.origin, crossOrigin: false }))
  }

  // What a browser's object answers to toJSON.
  answer(response) {
    const id = base64url(this.id)
    const plain = Object.fromEntries(Object.entries(response).map(([name, value]) => [name, value && base64url(value)]))
    const json = { id, rawId: id, type: 'public-key', response: plain, clientExtensionResults: {}, authenticatorAttachment: 'platform' }
    return { ...json, toJSON: () => json }
  }
}
