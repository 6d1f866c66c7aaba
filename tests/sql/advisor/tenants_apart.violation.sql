create table private.violation (id uuid primary key, business_id uuid not null);
