// What one writes by hand: socket.io, and LISTEN for what the database sends.
import { createRequire } from 'node:module'
import { createServer } from 'node:http'

const [, , folder, port, url] = process.argv
const require = createRequire(`${folder}/`)
const { Server } = require('socket.io')
const { Client } = require('pg')

const http = createServer()
const io = new Server(http, { serveClient: false, transports: ['websocket'] })
io.on('connection', (socket) => {
  socket.on('join', (room, done) => {
    socket.join(room)
    done('joined')
  })
})

const database = new Client(url)
await database.connect()
database.on('notification', ({ payload }) => {
  const { room, event, data } = JSON.parse(payload)
  io.to(room).emit(event, data)
})
await database.query('listen news')
http.listen(Number(port), '127.0.0.1')
