// Increments counters through RAFT.ONCE with ioredis's default options, until standard input ends. See torture-once.py for what
// it does; with the default options the library itself sends again what a broken connection left without an answer, to
// the same node, and there a client that has waited for a second goes to another node, and sends it there as well.
//
//   node torture-once.js JOURNAL SEED FIRST CLIENTS COUNTERS HOST:PORT,HOST:PORT,...
'use strict'

const fs = require('fs')
const Redis = require('ioredis')

const ttlMillis = 600000
const window = 128
const patienceMillis = 1000
// How long it may take to finish: the test that started it, and the cluster, may be gone.
const finishMillis = 120000
// An error that begins with one of these words says nothing of the command but that it must be sent again.
const again = new Set(['UNCERTAIN', 'CLUSTERDOWN', 'TRYAGAIN', 'LOADING', 'MOVED'])

const [path, seed, first, clients, counters, addresses] = process.argv.slice(2)
const journal = fs.openSync(path, 'w')
let over = false
process.stdin.on('end', () => {
  over = true
  setTimeout(() => process.exit(3), finishMillis).unref()
}).resume()

// generator returns numbers from 0 to below 1, the same for the same seed (mulberry32).
function generator (number) {
  let state = number >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis))
const nothing = Symbol('nothing')

class Client {
  constructor (number) {
    this.name = `ioredis.${number}`
    this.random = generator(Number(seed) * 1000 + number)
    this.redis = null
    this.sequence = 0
    this.done = new Map()
  }

  between (low, high) { return low + Math.floor(this.random() * (high - low + 1)) }

  line (...words) { fs.writeSync(journal, words.join(' ') + '\n') }

  connection () {
    if (this.redis === null) {
      const [host, port] = addresses.split(',')[this.between(0, addresses.split(',').length - 1)].split(':')
      this.redis = new Redis({ host, port: Number(port) })
      // What becomes of connections is the library's business; what becomes of commands is told by their promises.
      this.redis.on('error', () => {})
    }
    return this.redis
  }

  leave () {
    if (this.redis !== null) this.redis.disconnect()
    this.redis = null
  }

  // ask returns the answer to a command in the words of the journal; null if there is none.
  async ask (command) {
    const connection = this.connection()
    const reply = connection.call(...command).then(
      (value) => (typeof value === 'number' ? `:${value}` : `=${JSON.stringify(value)}`),
      (error) => {
        if (error.name !== 'ReplyError' || again.has(error.message.split(' ')[0])) return null
        return '-' + error.message.replaceAll('\n', ' ')
      })
    const answer = await Promise.race([reply, sleep(patienceMillis).then(() => nothing)])
    if (answer !== nothing && answer !== null) return answer
    if (connection === this.redis) this.leave()
    return null
  }

  async insist (...command) {
    for (;;) {
      const answer = await this.ask(command)
      if (answer !== null) return answer
      await sleep(this.random() * 40)
    }
  }

  async open () { return Number((await this.insist('RAFT.SESSION', 'OPEN', 'TTL', ttlMillis)).slice(1)) }

  // execute sends a sequence until it has an answer. Others are on their way meanwhile.
  async execute (session, sequence) {
    const counter = `once${this.between(0, Number(counters) - 1)}`
    const command = ['RAFT.ONCE', session, sequence, 'INCR', counter]
    this.line('first', this.name, session, sequence, counter)
    for (;;) {
      const answer = await this.ask(command)
      if (answer !== null) {
        this.line('reply', this.name, session, sequence, answer)
        this.done.set(`${session}.${sequence}`, command)
        return
      }
      this.line('lost', this.name, session, sequence)
      await sleep(this.random() * 40)
    }
  }

  // executeAll sends some sequences at once, in any order.
  async executeAll (session, low, high) {
    const sequences = []
    for (let s = low; s <= high; s++) sequences.splice(this.between(0, sequences.length), 0, s)
    await Promise.all(sequences.map((s) => this.execute(session, s)))
  }

  // again sends once more, to another node, what has an answer.
  async again (session, sequence) {
    this.leave()
    const answer = await this.insist(...this.done.get(`${session}.${sequence}`))
    this.line('again', this.name, session, sequence, answer)
  }

  async work () {
    const session = await this.open()
    const kept = await this.open()
    await this.executeAll(kept, 1, 8)
    while (!over) {
      const low = this.sequence + 1
      this.sequence += this.between(1, 6)
      await this.executeAll(session, low, this.sequence)
      if (this.random() < 0.2) await this.again(session, this.between(Math.max(1, this.sequence - window + 1), this.sequence))
      if (this.random() < 0.05 && this.sequence > window) await this.again(session, this.between(1, this.sequence - window))
      if (this.random() < 0.05) await this.again(kept, this.between(1, 8))
      await sleep(this.random() * 100)
    }
    for (let s = 1; s <= 8; s++) await this.again(kept, s)
    this.leave()
  }
}

async function main () {
  const all = []
  for (let i = 0; i < Number(clients); i++) all.push(new Client(Number(first) + i).work())
  await Promise.all(all)
  process.exit(0) // timers of answers that came in time are left
}

main()
