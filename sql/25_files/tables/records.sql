-- Files that workers write for people, such as the PDF of an invoice. They lie in the private
-- bucket `records`. Each is about a row of some domain, and whoever reads that row may make a link
-- to it.

create table files.records (
    -- In the bucket `records`.
    object_name text primary key,
    -- The table whose policy says who may read the file, and the row of it.
    relation text not null,
    row_id uuid not null,
    created_at timestamptz not null,
    -- When its row let go of it. A worker deletes the file.
    released_at timestamptz,

    constraint records_object_name_is_one_line check (private.is_one_line(object_name))
);
comment on table files.records is 'Files that workers wrote, and the row of which each is about.';
create index records_row_id_idx on files.records (row_id);
create index records_released_at_idx on files.records (released_at) where released_at is not null;
