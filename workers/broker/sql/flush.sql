delete from {queue}
