// What the programs for libraries of JavaScript share: see catalogue.py for what they print.
'use strict'

const assert = require('node:assert/strict')

const say = (line) => process.stdout.write(line.replaceAll(/\s+/g, ' ').trim() + '\n')

// run does tasks one after the other, and goes on when one fails.
async function run (tasks) {
  for (const [name, task] of Object.entries(tasks)) {
    try {
      await task()
      say(`done ${name}`)
    } catch (error) {
      say(`failed ${name} ${error.name}: ${error.message}`)
    }
  }
}

// refused expects an error reply, in the library's own type, that says all words.
async function refused (promise, type, ...words) {
  let got
  try {
    got = await promise
  } catch (error) {
    assert.ok(error instanceof type, `${error.name} (${error.message}) is no ${type.name}`)
    for (const word of words) assert.ok(error.message.includes(word), `${error.message}: does not say ${word}`)
    return
  }
  assert.fail(`${got} instead of an error`)
}

// until waits for something that happens soon.
async function until (happened) {
  const end = Date.now() + 20_000
  while (!await happened()) {
    assert.ok(Date.now() < end, `it does not happen: ${happened}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
const largeValue = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i * 7 % 251))
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

module.exports = { same: assert.deepStrictEqual, say, run, refused, until, everyByte, largeValue, numbers }
