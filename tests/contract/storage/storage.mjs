// Each method of the unmodified storage-js once with success and once with its typed error.
import assert from 'node:assert/strict'
import { createClient, } from '@supabase/supabase-js'

const { url, key, serviceKey, adaToken, ada, mark, privateBucket } = JSON.parse(process.argv[2])
const operator = createClient(url, serviceKey).storage
const user = createClient(url, key, { accessToken: async () => adaToken }).storage
const anyone = createClient(url, key).storage

const ok = ({ data, error }) => (assert.equal(error, null, JSON.stringify(error)), data)
const refused = ({ data, error }, statusCode, message) => {
  assert.ok(error, `it was not refused: ${JSON.stringify(data)}`)
  assert.equal(error.name, 'StorageApiError')
  assert.deepEqual([error.statusCode, error.status], [statusCode, 400])
  assert.match(error.message, message)
}

// Buckets.
const bucket = `js-${mark}`
assert.deepEqual(ok(await operator.createBucket(bucket, { public: true, fileSizeLimit: '1MB', allowedMimeTypes: ['text/*', 'application/json'] })), { name: bucket })
refused(await operator.createBucket(bucket), '409', /already exists/)
refused(await user.createBucket(`other-${mark}`), '403', /row-level security/)
refused(await operator.createBucket('a/b'), '400', /Bucket name invalid/)
refused(await operator.createBucket(`huge-${mark}`, { fileSizeLimit: '20GB' }), '413', /maximum allowed size/)
const got = ok(await operator.getBucket(bucket))
assert.deepEqual([got.id, got.public, got.file_size_limit, got.type], [bucket, true, 1_000_000, 'STANDARD'])
refused(await operator.getBucket('nowhere'), '404', /Bucket not found/)
assert.ok(ok(await operator.listBuckets()).some(({ name }) => name === bucket))
assert.deepEqual(ok(await operator.listBuckets({ search: bucket, limit: 5, sortColumn: 'name', sortOrder: 'desc' })).map(({ name }) => name), [bucket])
assert.deepEqual(ok(await user.listBuckets()), [])
refused(await operator.listBuckets({ sortColumn: 'size' }), '400', /allowed values/)
ok(await operator.updateBucket(bucket, { public: true, fileSizeLimit: 1000, allowedMimeTypes: ['text/*', 'application/json'] }))
assert.equal(ok(await operator.getBucket(bucket)).file_size_limit, 1000)
refused(await operator.updateBucket('nowhere', { public: true }), '404', /Bucket not found/)

// Uploads.
const files = operator.from(bucket)
const first = ok(await files.upload('a/one.txt', 'one', { contentType: 'text/plain', metadata: { from: 'js' }, cacheControl: '60' }))
assert.deepEqual([first.path, first.fullPath], ['a/one.txt', `${bucket}/a/one.txt`])
refused(await files.upload('a/one.txt', 'again'), '409', /already exists/)
assert.equal(ok(await files.upload('a/one.txt', 'won', { upsert: true })).id, first.id)
refused(await files.upload('a/big.txt', 'x'.repeat(1001)), '413', /maximum allowed size/)
refused(await files.upload('a/p.png', 'x', { contentType: 'image/png' }), '415', /image\/png/)
refused(await operator.from('nowhere').upload('a', 'x'), '404', /Bucket not found/)
refused(await user.from(bucket).upload('a/mine.txt', 'x'), '403', /row-level security/)
ok(await files.upload('a/two.json', new Blob(['{"two": 2}'], { type: 'application/json' }), { metadata: { from: 'blob' }, cacheControl: '120' }))
ok(await files.upload('a/bytes.txt', new TextEncoder().encode('bytes'), { contentType: 'text/plain' }))
ok(await files.upload('a/stream.txt', new Blob(['streamed']).stream(), { contentType: 'text/plain' }))
assert.equal(ok(await files.update('a/one.txt', 'uno', { contentType: 'text/plain' })).id, first.id)
refused(await user.from(bucket).update('a/one.txt', 'x'), '403', /row-level security/)

// Downloads.
assert.equal(await ok(await files.download('a/one.txt')).text(), 'uno')
assert.equal(await new Response(ok(await files.download('a/stream.txt').asStream())).text(), 'streamed')
refused(await files.download('a/none.txt'), '404', /Object not found/)
const info = ok(await files.info('a/two.json'))
assert.deepEqual([info.size, info.contentType, info.cacheControl, info.metadata], [10, 'application/json', 'max-age=120', { from: 'blob' }])
refused(await files.info('a/none.txt'), '404', /Object not found/)
assert.equal(ok(await files.exists('a/one.txt')), true)
const none = await files.exists('a/none.txt')
assert.deepEqual([none.data, none.error.status], [false, 400])
const publicUrl = files.getPublicUrl('a/two.json', { download: 'two.json' }).data.publicUrl
const answer = await fetch(publicUrl)
assert.deepEqual([answer.status, await answer.json()], [200, { two: 2 }])
assert.equal(answer.headers.get('cache-control'), 'public, max-age=120')
assert.match(answer.headers.get('content-disposition'), /^attachment; filename=two\.json;/)
assert.equal(await ok(await anyone.from(bucket).download('a/one.txt')).text(), 'uno')

// Lists.
assert.deepEqual(ok(await files.list('a', { limit: 2, offset: 1, sortBy: { column: 'name', order: 'desc' } })).map(({ name }) => name), ['stream.txt', 'one.txt'])
assert.deepEqual(ok(await files.list('', {})).map(({ name, id }) => [name, id]), [['a', null]])
assert.deepEqual(ok(await files.list('a', { search: 'TW' })).map(({ name }) => name), ['two.json'])
refused(await files.list('a', { sortBy: { column: 'color' } }), '400', /allowed values/)
const page = ok(await files.listV2({ prefix: 'a/', limit: 3 }))
assert.deepEqual([page.hasNext, page.objects.map(({ key }) => key)], [true, ['a/bytes.txt', 'a/one.txt', 'a/stream.txt']])
const next = ok(await files.listV2({ prefix: 'a/', limit: 3, cursor: page.nextCursor }))
assert.deepEqual([next.hasNext, next.objects.map(({ key }) => key)], [false, ['a/two.json']])
assert.deepEqual(ok(await files.listV2({ with_delimiter: true })).folders.map(({ name }) => name), ['a/'])
refused(await files.listV2({ cursor: 'nonsense' }), '400', /cursor/)

// Signed addresses.
const signed = ok(await files.createSignedUrl('a/one.txt', 60, { download: true })).signedUrl
const read = await fetch(signed)
assert.deepEqual([await read.text(), read.headers.get('content-disposition')], ['uno', 'attachment;'])
refused(await files.createSignedUrl('a/none.txt', 60), '404', /Object not found/)
const [good, bad] = ok(await files.createSignedUrls(['a/one.txt', 'a/none.txt'], 60))
assert.equal(await (await fetch(good.signedUrl)).text(), 'uno')
assert.deepEqual([bad.signedUrl, /does not exist or you do not have access/.test(bad.error)], [null, true])
refused(await files.createSignedUrls([], 60), '400', /paths/)
const upload = ok(await files.createSignedUploadUrl('a/up.txt'))
refused(await user.from(bucket).createSignedUploadUrl('a/up2.txt'), '403', /row-level security/)
assert.equal(ok(await anyone.from(bucket).uploadToSignedUrl('a/up.txt', upload.token, 'up')).fullPath, `${bucket}/a/up.txt`)
refused(await anyone.from(bucket).uploadToSignedUrl('a/up.txt', upload.token, 'up again'), '409', /already exists/)
refused(await anyone.from(bucket).uploadToSignedUrl('a/other.txt', upload.token, 'x'), '400', /do not match the signature/)

// Moves, copies, removals.
ok(await files.move('a/up.txt', 'b/up.txt'))
refused(await files.move('a/up.txt', 'b/up2.txt'), '404', /Object not found/)
refused(await files.move('a/one.txt', 'b/up.txt'), '409', /already exists/)
assert.equal(ok(await files.copy('a/one.txt', 'b/one.txt')).path, `${bucket}/b/one.txt`)
assert.equal(ok(await files.copy('a/one.txt', `${ada}/one.txt`, { destinationBucket: privateBucket })).path, `${privateBucket}/${ada}/one.txt`)
refused(await files.copy('a/none.txt', 'b/none.txt'), '404', /Object not found/)
refused(await files.copy('a/one.txt', 'b/one.txt'), '409', /already exists/)
ok(await files.move('b/one.txt', `${ada}/moved.txt`, { destinationBucket: privateBucket }))
assert.equal(await ok(await user.from(privateBucket).download(`${ada}/moved.txt`)).text(), 'uno')
assert.deepEqual(ok(await files.remove(['b/up.txt', 'b/none.txt'])).map(({ name }) => name), ['b/up.txt'])
refused(await files.remove([]), '400', /prefixes/)
refused(await operator.deleteBucket(bucket), '409', /not empty/)
ok(await operator.emptyBucket(bucket))
refused(await operator.emptyBucket('nowhere'), '404', /Bucket not found/)
ok(await operator.deleteBucket(bucket))
refused(await operator.deleteBucket(bucket), '404', /Bucket not found/)
refused(await createClient(url, key, { accessToken: async () => 'not.a.token' }).storage.listBuckets(), '403', /./)
console.log(JSON.stringify({ done: true }))
