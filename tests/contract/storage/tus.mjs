// The unmodified tus-js-client, as Supabase's guide for resumable uploads uses it.
import assert from 'node:assert/strict'
import { Upload } from 'tus-js-client'

const { url, token, bucket, name, size, stopAt } = JSON.parse(process.argv[2])
const file = Buffer.alloc(size)
for (let i = 0; i < size; i++) file[i] = (i * 7 + (i >> 12)) % 251

const upload = (more) => new Promise((resolve, reject) => {
  const options = {
    endpoint: `${url}/upload/resumable`,
    retryDelays: null,
    headers: { authorization: `Bearer ${token}`, 'x-upsert': 'true' },
    uploadDataDuringCreation: true,
    removeFingerprintOnSuccess: true,
    metadata: { bucketName: bucket, objectName: name, contentType: 'video/mp4', cacheControl: '3600', metadata: JSON.stringify({ from: 'tus' }) },
    chunkSize: 6 * 1024 * 1024,
    onError: reject,
    onSuccess: () => resolve(one),
    ...more(() => one, resolve),
  }
  const one = new Upload(file, options)
  one.start()
})

// The first client stops in the middle, and another one goes on where it was.
const first = await upload((self, resolve) => ({
  onChunkComplete: (_size, accepted) => { if (accepted >= stopAt) self().abort().then(() => resolve(self())) },
}))
const sent = []
const second = await upload(() => ({ uploadUrl: first.url, onProgress: (bytes) => sent.push(bytes) }))
assert.equal(second.url, first.url)
assert.ok(Math.min(...sent) >= stopAt, `it began again at ${Math.min(...sent)}`)

// Somebody who gives up leaves nothing.
const given = await upload((self, resolve) => ({
  metadata: { bucketName: bucket, objectName: `${name}.gone`, contentType: 'video/mp4' },
  onChunkComplete: () => self().abort(true).then(() => resolve(self())),
}))
const gone = await fetch(given.url, { method: 'HEAD', headers: { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0' } })
assert.equal(gone.status, 404)

// A refusal has its real status.
const refusal = await upload(() => ({ metadata: { bucketName: 'nowhere', objectName: 'x' } })).catch((error) => error)
assert.equal(refusal.originalResponse.getStatus(), 404)
assert.match(refusal.originalResponse.getBody(), /Bucket not found/)
console.log(JSON.stringify({ url: first.url }))
