select count(*) from {queue}
