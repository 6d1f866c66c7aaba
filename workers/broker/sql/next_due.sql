-- Seconds until the next message is due; 0 or less when it is due.
select extract(epoch from min(vt) - clock_timestamp()) from {queue}
