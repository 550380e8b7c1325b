// Does the tasks of the catalogue with node-redis, with the library's default options.
//
//   node catalogue-redis.js plain|cluster HOST:PORT PREFIX HOST:PORT
//
// The last address is that of another node, for the task of caches: another client writes there.
'use strict'

const { createClient, createCluster, ErrorReply, RESP_TYPES } = require('redis')
const { same, say, run, refused, until, everyByte, largeValue, numbers } = require('./tasks.js')

const [mode, address, prefix, elsewhere] = process.argv.slice(2)
const url = `redis://${address}`
const client = mode === 'cluster' ? createCluster({ rootNodes: [{ url }] }) : createClient({ url })
// What becomes of connections is the library's business; what becomes of commands is told by their promises.
client.on('error', () => {})
const key = (name) => `${prefix}:${name}`
const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })

// send sends a command that has no key and no method.
function send (...words) {
  return mode === 'cluster' ? client.sendCommand(undefined, true, words) : client.sendCommand(words)
}

run({
  async greeting () {
    await client.connect()
    same(await send('PING'), 'PONG')
    say(`info ${await send('CLIENT', 'INFO')}`)
  },
  async strings () {
    same(await client.set(key('string'), 'value'), 'OK')
    same(await client.get(key('string')), 'value')
    same(await client.append(key('string'), '-more'), 10)
    same(await client.strLen(key('string')), 10)
    same(await client.getRange(key('string'), 6, -1), 'more')
    same(await client.setRange(key('string'), 0, 'V'), 10)
    same(await client.getDel(key('string')), 'Value-more')
    same(await client.get(key('string')), null)
    same(await client.exists(key('string')), 0)
  },
  async counters () {
    same(await client.incr(key('counter')), 1)
    same(await client.incrBy(key('counter'), 41), 42)
    same(await client.decr(key('counter')), 41)
    same(await client.incrByFloat(key('counter'), 0.5), '41.5')
  },
  async many () {
    const names = [0, 1, 2].map((i) => `{${prefix}}:many:${i}`)
    same(await client.mSet([[names[0], 'a'], [names[2], 'c']]), 'OK')
    same(await client.mGet(names), ['a', null, 'c'])
    same(await client.del(names), 2)
  },
  async deadlines () {
    same(await client.set(key('deadline'), 'value', { expiration: { type: 'EX', value: 100 } }), 'OK')
    const seconds = await client.ttl(key('deadline'))
    same(seconds > 0 && seconds <= 100, true)
    const millis = await client.pTTL(key('deadline'))
    same(millis > 0 && millis <= 100_000, true)
    same(await client.persist(key('deadline')), 1)
    same(await client.ttl(key('deadline')), -1)
    same(await client.ttl(key('nothing')), -2)
    same(await client.pExpire(key('deadline'), 20), 1)
    await until(async () => await client.get(key('deadline')) === null)
  },
  async conditions () {
    same(await client.set(key('condition'), 'first', { condition: 'NX' }), 'OK')
    same(await client.set(key('condition'), 'second', { condition: 'NX' }), null)
    same(await client.set(key('condition'), 'third', { condition: 'XX', GET: true }), 'first')
    same(await client.set(key('nothing'), 'value', { condition: 'XX' }), null)
    same(await client.get(key('condition')), 'third')
  },
  async binary () {
    const name = Buffer.concat([Buffer.from(key('binary')), everyByte])
    same(String(await buffers.set(name, everyByte)), 'OK')
    same(await buffers.get(name), everyByte)
  },
  async large () {
    same(String(await buffers.set(key('large'), largeValue)), 'OK')
    same(await buffers.get(key('large')), largeValue)
  },
  async pipeline () {
    // The library sends what is asked for in one turn of the event loop together. Its multi().exec() is a transaction,
    // which is not offered.
    const counter = key('pipeline')
    const asked = numbers(1, 100).map(() => client.incr(counter))
    asked.push(client.set(key('text'), 'text'), client.incr(key('text')), client.get(counter))
    const replies = await Promise.allSettled(asked)
    same(replies.slice(0, 101).map((reply) => reply.value), [...numbers(1, 100), 'OK'])
    await refused(Promise.reject(replies[101].reason), ErrorReply, 'ERR value is not an integer')
    same(replies[102].value, '100')
  },
  async concurrent () {
    const replies = await Promise.all(numbers(1, 80).map(() => client.incr(key('concurrent'))))
    same(replies.sort((a, b) => a - b), numbers(1, 80))
  },
  async scan () {
    const names = numbers(1, 40).map((i) => key(`scan:${i}`))
    await Promise.all(names.map((name) => client.set(name, 'value')))
    const nodes = mode === 'cluster' ? client.masters.map((node) => client.nodeClient(node)) : [client]
    const found = new Set()
    for (const node of nodes) {
      for await (const keys of (await node).scanIterator({ MATCH: key('scan:*'), COUNT: 10 })) {
        keys.forEach((k) => found.add(k))
      }
    }
    same([...found].sort(), names.sort())
  },
  async errors () {
    await client.set(key('text'), 'text')
    await refused(client.incr(key('text')), ErrorReply, 'ERR value is not an integer or out of range')
    await refused(send('NOSUCHCOMMAND'), ErrorReply, "ERR unknown command 'NOSUCHCOMMAND'")
    await refused(client.set(key('text'), 'text', { expiration: { type: 'PX', value: 0 } }), ErrorReply,
      "ERR invalid expire time in 'set' command")
    same(await client.get(key('text')), 'text')
  },
  async transactions () {
    const name = key('transaction')
    same(await client.multi().incr(name).incrBy(name, 2).get(name).exec(), [1, 3, '3'])
    if (mode === 'cluster') return
    await client.watch(name)
    await client.incr(name)
    await refused(client.multi().incr(name).exec(), Error)
    same(await client.get(name), '4')
  },
  async messages () {
    const channel = key('channel')
    const heard = []
    const listener = client.duplicate()
    listener.on('error', () => {})
    await listener.connect()
    await listener.subscribe(channel, (message, from) => heard.push(['', from, message]))
    await listener.pSubscribe(`${channel}*`, (message, from) => heard.push([`${channel}*`, from, message]))
    await client.publish(channel, 'message')
    await until(async () => heard.length === 2)
    same(heard, [['', channel, 'message'], [`${channel}*`, channel, 'message']])
    listener.destroy()
  },
  async databases () {
    if (mode === 'cluster') return
    const other = createClient({ url, database: 1, socket: { reconnectStrategy: false } })
    other.on('error', () => {})
    await other.connect()
    same(await other.set(key('database'), 'value'), 'OK')
    same(await other.get(key('database')), 'value')
    same(await client.get(key('database')), null)
    other.destroy()
  },
  async caching () {
    const clientSideCache = { ttl: 0, maxEntries: 0, evictPolicy: 'LRU' }
    const caches = mode === 'cluster'
      ? createCluster({ rootNodes: [{ url }], clientSideCache })
      : createClient({ url, clientSideCache })
    const writer = createClient({ url: `redis://${elsewhere}` })
    for (const each of [caches, writer]) await each.on('error', () => {}).connect()
    try {
      await writer.set(key('cached'), 'old')
      // A node may have said that the key was written just before.
      await until(async () => await caches.get(key('cached')) === 'old' && caches.clientSideCache.stats().hitCount > 0)
      await writer.set(key('cached'), 'new')
      await until(async () => await caches.get(key('cached')) === 'new')
    } finally {
      await Promise.all([caches.close(), writer.close()])
    }
  },
  async farewell () {
    same(await client.set(key('last'), prefix), 'OK')
    await client.close()
  }
})
