// Writes through ioredis with its default options, until standard input ends. See cluster.py for what it prints.
//
//   node cluster.js HOST:PORT,HOST:PORT TAG...
'use strict'

const Redis = require('ioredis')

const pauseMillis = 20
const [seeds, ...tags] = process.argv.slice(2)
const keys = tags.map((tag) => `ioredis:{${tag}}`)

const cluster = new Redis.Cluster(seeds.split(',').map((seed) => {
  const [host, port] = seed.split(':')
  return { host, port: Number(port) }
}))
// What becomes of connections is the library's business; what becomes of commands is told by their promises.
cluster.on('error', () => {})

let ended = false
process.stdin.on('end', () => { ended = true }).resume()

const say = (line) => process.stdout.write(line.replaceAll('\n', ' ') + '\n')

async function write (key, value) {
  try {
    await cluster.set(key, value)
    const found = await cluster.get(key)
    if (found !== value) throw new Error(`${key} is ${found}, not ${value}`)
    return true
  } catch (error) {
    say(`error ${Date.now()} ${error.name}: ${error.message}`)
    return false
  }
}

async function main () {
  for (let round = 1; !ended; round++) {
    const began = Date.now()
    const whole = await Promise.all(keys.map((key) => write(key, String(round))))
    if (!whole.includes(false)) say(`round ${round} ${began} ${Date.now()}`)
    await new Promise((resolve) => setTimeout(resolve, pauseMillis))
  }
  cluster.disconnect()
}

main()
