// Writes through node-redis or Valkey GLIDE, with the default options of their cluster clients, until standard input
// ends. See cluster.py for what it prints.
//
//   node cluster-others.js node-redis|glide HOST:PORT,HOST:PORT TAG...
'use strict'

const pauseMillis = 20
const [library, seeds, ...tags] = process.argv.slice(2)
const keys = tags.map((tag) => `${library}:{${tag}}`)

const connects = {
  async 'node-redis' () {
    const { createCluster } = require('redis')
    const cluster = createCluster({ rootNodes: seeds.split(',').map((seed) => ({ url: `redis://${seed}` })) })
    // What becomes of connections is the library's business; what becomes of commands is told by their promises.
    await cluster.on('error', () => {}).connect()
    return cluster
  },
  async glide () {
    const { GlideClusterClient, Logger } = require('@valkey/valkey-glide')
    Logger.setLoggerConfig('off') // it would write into what this program says
    return GlideClusterClient.createClient({
      addresses: seeds.split(',').map((seed) => {
        const [host, port] = seed.split(':')
        return { host, port: Number(port) }
      })
    })
  }
}

let ended = false
process.stdin.on('end', () => { ended = true }).resume()

const say = (line) => process.stdout.write(line.replaceAll('\n', ' ') + '\n')

async function write (cluster, key, value) {
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
  const cluster = await connects[library]()
  for (let round = 1; !ended; round++) {
    const began = Date.now()
    const whole = await Promise.all(keys.map((key) => write(cluster, key, String(round))))
    if (!whole.includes(false)) say(`round ${round} ${began} ${Date.now()}`)
    await new Promise((resolve) => setTimeout(resolve, pauseMillis))
  }
  await cluster.close()
}

main()
