// Counts through RAFT.ONCE with node-redis, and prints each reply.
//
//   node once-redis.js HOST:PORT KEY COUNT
'use strict'

// recipe
const { createClient, ErrorReply } = require('redis')

const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
const again = (error) => !(error instanceof ErrorReply) ||
  /^(UNCERTAIN|CLUSTERDOWN|TRYAGAIN|LOADING|OOM) /.test(error.message)

// Once executes commands once, however often it has to send them: up to 128 at a time.
class Once {
  static async open (client) {
    const once = new Once()
    Object.assign(once, { client, sequence: 0 })
    once.session = await once.repeat('RAFT.SESSION', 'OPEN')
    return once
  }

  do (...command) {
    return this.repeat('RAFT.ONCE', this.session, ++this.sequence, ...command)
  }

  async repeat (...command) {
    for (;;) {
      try {
        return await this.client.sendCommand(command.map(String))
      } catch (error) {
        if (!again(error)) throw error // else: perhaps it was executed, and the nodes know
      }
      await pause()
    }
  }
}
// end

async function main () {
  const [address, key, count] = process.argv.slice(2)
  const client = createClient({ url: `redis://${address}` })
  client.on('error', () => {}) // what becomes of commands is told by their promises
  await client.connect()
  const once = await Once.open(client)
  for (let i = 0; i < count; i++) console.log(await once.do('INCR', key))
  await once.do('GETSET', key).catch((error) => console.log(error.message))
  client.destroy()
}

main()
