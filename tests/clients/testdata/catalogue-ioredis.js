// Does the tasks of the catalogue with ioredis, with the library's default options.
//
//   node catalogue-ioredis.js ioredis|ioredis-5 plain|cluster HOST:PORT PREFIX
'use strict'

const [library, mode, address, prefix] = process.argv.slice(2)
const Redis = require(library)
const { ReplyError } = Redis
const { same, say, run, refused, until, everyByte, largeValue, numbers } = require('./tasks.js')

const [host, port] = address.split(':')
const client = mode === 'cluster' ? new Redis.Cluster([{ host, port }]) : new Redis(port, host)
const key = (name) => `${prefix}:${name}`

run({
  async greeting () {
    same(await client.ping(), 'PONG')
    say(`info ${await client.client('INFO')}`)
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
    same(await client.exists(key('string')), 0)
  },
  async counters () {
    same(await client.incr(key('counter')), 1)
    same(await client.incrby(key('counter'), 41), 42)
    same(await client.decr(key('counter')), 41)
    same(await client.incrbyfloat(key('counter'), 0.5), '41.5')
  },
  async many () {
    const names = [0, 1, 2].map((i) => `{${prefix}}:many:${i}`)
    same(await client.mset(names[0], 'a', names[2], 'c'), 'OK')
    same(await client.mget(names), ['a', null, 'c'])
    same(await client.del(names), 2)
  },
  async deadlines () {
    same(await client.set(key('deadline'), 'value', 'EX', 100), 'OK')
    const seconds = await client.ttl(key('deadline'))
    same(seconds > 0 && seconds <= 100, true)
    const millis = await client.pttl(key('deadline'))
    same(millis > 0 && millis <= 100_000, true)
    same(await client.persist(key('deadline')), 1)
    same(await client.ttl(key('deadline')), -1)
    same(await client.ttl(key('nothing')), -2)
    same(await client.pexpire(key('deadline'), 20), 1)
    await until(async () => await client.get(key('deadline')) === null)
  },
  async conditions () {
    same(await client.set(key('condition'), 'first', 'NX'), 'OK')
    same(await client.set(key('condition'), 'second', 'NX'), null)
    same(await client.set(key('condition'), 'third', 'XX', 'GET'), 'first')
    same(await client.set(key('nothing'), 'value', 'XX'), null)
    same(await client.get(key('condition')), 'third')
  },
  async binary () {
    const name = Buffer.concat([Buffer.from(key('binary')), everyByte])
    same(await client.set(name, everyByte), 'OK')
    same(await client.getBuffer(name), everyByte)
  },
  async large () {
    same(await client.set(key('large'), largeValue), 'OK')
    same(await client.getBuffer(key('large')), largeValue)
  },
  async pipeline () {
    // In a cluster the library wants all keys of a pipeline to belong to one node.
    const [counter, text] = [`{${prefix}}:pipeline`, `{${prefix}}:text`]
    const pipe = client.pipeline()
    for (let i = 0; i < 100; i++) pipe.incr(counter)
    const replies = await pipe.set(text, 'text').incr(text).get(counter).exec()
    same(replies.slice(0, 101), [...numbers(1, 100), 'OK'].map((reply) => [null, reply]))
    await refused(Promise.reject(replies[101][0]), ReplyError, 'ERR value is not an integer')
    same(replies[102], [null, '100'])
  },
  async concurrent () {
    const replies = await Promise.all(numbers(1, 80).map(() => client.incr(key('concurrent'))))
    same(replies.sort((a, b) => a - b), numbers(1, 80))
  },
  async scan () {
    const names = numbers(1, 40).map((i) => key(`scan:${i}`))
    await Promise.all(names.map((name) => client.set(name, 'value')))
    const found = new Set()
    for (const node of mode === 'cluster' ? client.nodes('master') : [client]) {
      for await (const keys of node.scanStream({ match: key('scan:*'), count: 10 })) keys.forEach((k) => found.add(k))
    }
    same([...found].sort(), names.sort())
  },
  async errors () {
    await client.set(key('text'), 'text')
    await refused(client.incr(key('text')), ReplyError, 'ERR value is not an integer or out of range')
    await refused(client.call('NOSUCHCOMMAND'), ReplyError, "ERR unknown command 'NOSUCHCOMMAND'")
    await refused(client.set(key('text'), 'text', 'PX', 0), ReplyError, "ERR invalid expire time in 'set' command")
    same(await client.get(key('text')), 'text')
  },
  async transactions () {
    const name = key('transaction')
    same(await client.multi().incr(name).incrby(name, 2).get(name).exec(), [[null, 1], [null, 3], [null, '3']])
    if (mode === 'plain') {
      // Each command by itself: the library does not wait for the reply to MULTI.
      client.multi({ pipeline: false }).catch(() => {})
      same(await client.incr(name), 'QUEUED')
      same(await client.exec(), [[null, 4]])
      await client.watch(name)
      await client.incr(name)
      same(await client.multi().incr(name).exec(), null)
      same(await client.get(name), '5')
    }
  },
  async messages () {
    const channel = key('channel')
    const heard = []
    const listener = client.duplicate()
    listener.on('error', () => {})
    listener.on('message', (...m) => heard.push(['', ...m]))
    listener.on('pmessage', (...m) => heard.push(m))
    await listener.subscribe(channel)
    await listener.psubscribe(`${channel}*`)
    await client.publish(channel, 'message')
    await until(async () => heard.length === 2)
    same(heard, [['', channel, 'message'], [`${channel}*`, channel, 'message']])
    listener.disconnect()
  },
  async databases () {
    if (mode === 'cluster') return
    const other = new Redis(port, host, { db: 1 })
    other.on('error', () => {})
    same(await other.set(key('database'), 'value'), 'OK')
    same(await other.get(key('database')), 'value')
    same(await client.get(key('database')), null)
    other.disconnect()
  },
  async farewell () {
    same(await client.set(key('last'), prefix), 'OK')
    same(await client.quit(), 'OK')
  }
})
