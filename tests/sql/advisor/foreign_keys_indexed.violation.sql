create table private.violation (
    id integer primary key, code text references pricing.currencies (code)
);
