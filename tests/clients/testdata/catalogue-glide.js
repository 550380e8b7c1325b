// Does the tasks of the catalogue with Valkey GLIDE, with the library's default options.
//
//   node catalogue-glide.js plain|cluster HOST:PORT PREFIX
'use strict'

const {
  Batch, ClusterBatch, ClusterScanCursor, Decoder, GlideClient, GlideClusterClient, Logger, RequestError, TimeUnit
} = require('@valkey/valkey-glide')
const { same, say, run, refused, until, everyByte, largeValue, numbers } = require('./tasks.js')

Logger.setLoggerConfig('off') // it would write into what this program says

const [mode, address, prefix] = process.argv.slice(2)
const [host, port] = address.split(':')
const addresses = [{ host, port: Number(port) }]
const inCluster = mode === 'cluster'
const key = (name) => `${prefix}:${name}`
const bytes = { decoder: Decoder.Bytes }
let client

// found are the keys of a pattern, by the library's iterator.
async function found (pattern) {
  const all = new Set()
  if (inCluster) {
    for (let cursor = new ClusterScanCursor(); !cursor.isFinished();) {
      const [next, keys] = await client.scan(cursor, { match: pattern, count: 10 })
      keys.forEach((k) => all.add(k))
      cursor = next
    }
    return all
  }
  let cursor = '0'
  do {
    const [next, keys] = await client.scan(cursor, { match: pattern, count: 10 })
    keys.forEach((k) => all.add(k))
    cursor = next
  } while (cursor !== '0')
  return all
}

// requestTimeout is for a busy machine whose disk is busy too: by default the library waits 250 ms.
const requestTimeout = 10_000

run({
  async greeting () {
    client = await (inCluster ? GlideClusterClient : GlideClient).createClient({ addresses, requestTimeout })
    same(await client.ping(), 'PONG')
    // A connection introduces itself before the first command of the program.
    say(`info ${await client.customCommand(['CLIENT', 'INFO'])}`)
  },
  async strings () {
    same(await client.set(key('string'), 'value'), 'OK')
    same(await client.get(key('string')), 'value')
    same(await client.append(key('string'), '-more'), 10)
    same(await client.strlen(key('string')), 10)
    same(await client.getrange(key('string'), 6, -1), 'more')
    same(await client.setrange(key('string'), 0, 'V'), 10)
    same(await client.getdel(key('string')), 'Value-more')
    same(await client.get(key('string')), null)
    same(await client.exists([key('string')]), 0)
  },
  async counters () {
    same(await client.incr(key('counter')), 1)
    same(await client.incrBy(key('counter'), 41), 42)
    same(await client.decr(key('counter')), 41)
    same(await client.incrByFloat(key('counter'), 0.5), 41.5)
  },
  async many () {
    const names = [0, 1, 2].map((i) => `{${prefix}}:many:${i}`)
    same(await client.mset({ [names[0]]: 'a', [names[2]]: 'c' }), 'OK')
    same(await client.mget(names), ['a', null, 'c'])
    same(await client.del(names), 2)
  },
  async deadlines () {
    same(await client.set(key('deadline'), 'value', { expiry: { type: TimeUnit.Seconds, count: 100 } }), 'OK')
    const seconds = await client.ttl(key('deadline'))
    same(seconds > 0 && seconds <= 100, true)
    const millis = await client.pttl(key('deadline'))
    same(millis > 0 && millis <= 100_000, true)
    same(await client.persist(key('deadline')), true)
    same(await client.ttl(key('deadline')), -1)
    same(await client.ttl(key('nothing')), -2)
    same(await client.pexpire(key('deadline'), 20), true)
    await until(async () => await client.get(key('deadline')) === null)
  },
  async conditions () {
    const isNew = { conditionalSet: 'onlyIfDoesNotExist' }
    const isOld = { conditionalSet: 'onlyIfExists' }
    same(await client.set(key('condition'), 'first', isNew), 'OK')
    same(await client.set(key('condition'), 'second', isNew), null)
    same(await client.set(key('condition'), 'third', { ...isOld, returnOldValue: true }), 'first')
    same(await client.set(key('nothing'), 'value', isOld), null)
    same(await client.get(key('condition')), 'third')
  },
  async binary () {
    const name = Buffer.concat([Buffer.from(key('binary')), everyByte])
    same(await client.set(name, everyByte), 'OK')
    same(await client.get(name, bytes), everyByte)
  },
  async large () {
    same(await client.set(key('large'), largeValue), 'OK')
    same(await client.get(key('large'), bytes), largeValue)
  },
  async pipeline () {
    const name = `{${prefix}}:pipeline`
    const batch = inCluster ? new ClusterBatch(false) : new Batch(false)
    for (let i = 0; i < 100; i++) batch.incr(name)
    batch.set(`{${prefix}}:text`, 'text').incr(`{${prefix}}:text`).get(name)
    const replies = await client.exec(batch, false)
    same(replies.slice(0, 101), [...numbers(1, 100), 'OK'])
    await refused(Promise.reject(replies[101]), RequestError, 'value is not an integer')
    same(replies[102], '100')
  },
  async concurrent () {
    const replies = await Promise.all(numbers(1, 80).map(() => client.incr(key('concurrent'))))
    same(replies.sort((a, b) => a - b), numbers(1, 80))
  },
  async scan () {
    const names = numbers(1, 40).map((i) => key(`scan:${i}`))
    await Promise.all(names.map((name) => client.set(name, 'value')))
    same([...await found(key('scan:*'))].sort(), names.sort())
  },
  async errors () {
    await client.set(key('text'), 'text')
    await refused(client.incr(key('text')), RequestError, 'value is not an integer or out of range')
    await refused(client.customCommand(['NOSUCHCOMMAND']), RequestError, "unknown command 'NOSUCHCOMMAND'")
    await refused(client.set(key('text'), 'text', { expiry: { type: TimeUnit.Milliseconds, count: 0 } }), RequestError,
      "invalid expire time in 'set' command")
    same(await client.get(key('text')), 'text')
  },
  async transactions () {
    const name = key('transaction')
    const batch = () => inCluster ? new ClusterBatch(true) : new Batch(true)
    same(await client.exec(batch().incr(name).incrBy(name, 2).get(name), true), [1, 3, '3'])
    await client.watch([name])
    await client.incr(name)
    same(await client.exec(batch().incr(name), true), null)
    same(await client.get(name), '4')
  },
  async messages () {
    // The library subscribes as it connects, and does not tell when that is done.
    const channel = key('channel')
    const heard = []
    const pubsubSubscriptions = {
      channelsAndPatterns: { 0: new Set([channel]), 1: new Set([`${channel}*`]) },
      callback: ({ message, channel, pattern }) => heard.push([pattern ?? '', channel, message])
    }
    const listener = inCluster
      ? await GlideClusterClient.createClient({ addresses, pubsubSubscriptions })
      : await GlideClient.createClient({ addresses, pubsubSubscriptions })
    try {
      const patterns = () => heard.filter(([, , message]) => message === 'first').map(([pattern]) => pattern)
      await until(async () => {
        await client.publish('first', channel)
        return patterns().includes('') && patterns().includes(`${channel}*`)
      })
      await client.publish('message', channel)
      const last = () => heard.filter(([, , message]) => message === 'message')
      await until(async () => last().length === 2)
      // A cluster client may listen to them on two nodes.
      same(last().sort(), [['', channel, 'message'], [`${channel}*`, channel, 'message']])
    } finally {
      listener.close()
    }
  },
  async databases () {
    if (inCluster) return
    const other = await GlideClient.createClient({ addresses, databaseId: 1, requestTimeout })
    same(await other.set(key('database'), 'value'), 'OK')
    same(await other.get(key('database')), 'value')
    same(await client.get(key('database')), null)
    other.close()
  },
  async farewell () {
    same(await client.set(key('last'), prefix), 'OK')
    client.close()
  }
})
