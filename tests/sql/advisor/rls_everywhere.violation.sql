create table private.violation (id integer primary key);
