-- Seconds until the next message is due; 0 and less: it is.
select extract(epoch from min(vt) - clock_timestamp()) from {queue}
