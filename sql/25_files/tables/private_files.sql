-- Private files that are made for one user, such as an export. Other domains write the rows.

create table files.downloads (
    bucket text not null,
    object_name text not null,
    -- Who may fetch it, and until when.
    user_id uuid not null references auth.users (id) on delete cascade,
    expires_at timestamptz not null,

    primary key (bucket, object_name),
    constraint downloads_object_name_is_one_line check (private.is_one_line(object_name))
);
comment on table files.downloads is 'Private files that one user may fetch until an instant.';
comment on column files.downloads.user_id is '[person: delete]';
create index downloads_user_id_idx on files.downloads (user_id);
