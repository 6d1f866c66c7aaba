create table public.violation (id integer primary key);
