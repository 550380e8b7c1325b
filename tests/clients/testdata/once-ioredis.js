// Counts through RAFT.ONCE with ioredis, several at once, and prints each reply.
//
//   node once-ioredis.js HOST:PORT KEY COUNT
'use strict'

// recipe
const Redis = require('ioredis')

const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
const again = (error) => !(error instanceof Redis.ReplyError) ||
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
        return await this.client.call(...command)
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
  const [host, port] = address.split(':')
  const client = new Redis(port, host)
  client.on('error', () => {}) // what becomes of commands is told by their promises
  const once = await Once.open(client)
  for (let i = 0; i < count; i++) console.log(await once.do('INCR', key))
  await once.do('GETSET', key).catch((error) => console.log(error.message))
  client.disconnect()
}

main()
