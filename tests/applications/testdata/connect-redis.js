// A web application with express-session and connect-redis, as their documentation shows it: it counts the visits of a
// session, logs it out, and lists all sessions.
//
//   node connect-redis.js HOST:PORT
'use strict'

const assert = require('node:assert')
const express = require('express')
const session = require('express-session')
const { RedisStore } = require('connect-redis')
const { createClient } = require('redis')

async function main () {
  const client = createClient({ url: 'redis://' + process.argv[2] })
  await client.connect()
  const store = new RedisStore({ client, prefix: 'shop:' })
  const app = express()
  app.use(session({ store, resave: false, saveUninitialized: false, secret: 'keyboard cat', cookie: { maxAge: 60000 } }))
  app.get('/', (request, response) => {
    request.session.visits = (request.session.visits || 0) + 1
    response.send(String(request.session.visits))
  })
  app.get('/out', (request, response) => request.session.destroy(() => response.send('out')))
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${server.address().port}`
  const visit = async (path, cookie) => {
    const response = await fetch(url + path, { headers: cookie ? { cookie } : {} })
    assert.equal(response.status, 200)
    const set = response.headers.get('set-cookie')
    return { text: await response.text(), cookie: set ? set.split(';')[0] : cookie }
  }

  const first = await visit('/')
  assert.equal(first.text, '1')
  assert.equal((await visit('/', first.cookie)).text, '2')
  assert.equal((await visit('/', first.cookie)).text, '3')
  const second = await visit('/')
  assert.equal(second.text, '1')
  console.log('done sessions count visits')

  const all = await store.all()
  assert.deepEqual(all.map((each) => each.visits).sort(), [1, 3])
  assert.equal(await store.length(), 2)
  assert.equal((await store.ids()).length, 2)
  console.log('done sessions are listed')

  const ttl = await client.ttl('shop:' + (await store.ids())[0])
  assert(ttl > 30 && ttl <= 60, `TTL is ${ttl}`)
  console.log('done sessions end')

  assert.equal((await visit('/out', first.cookie)).text, 'out')
  assert.equal((await visit('/', first.cookie)).text, '1')
  await store.clear()
  assert.equal(await store.length(), 0)
  console.log('done sessions are destroyed')

  server.close()
  server.closeAllConnections()
  await client.close()
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
