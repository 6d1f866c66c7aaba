-- Links to services that the public does not see. Only the hash of a link's token is kept. Uses are
-- counted from the bookings (scheduling.link_uses).

create table catalog.private_links (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    token_hash bytea not null,
    -- A note of the business on whom it is for.
    label text,
    -- Null: as long as it is not revoked.
    expires_at timestamptz,
    -- Null: without a limit.
    max_uses integer,
    revoked_at timestamptz,
    created_by uuid references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),

    constraint private_links_business_id_id_unique unique (business_id, id),
    constraint private_links_token_hash_unique unique (token_hash),
    constraint private_links_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint private_links_max_uses_is_sane check (max_uses between 1 and 1000000),
    constraint private_links_label_is_short check (
        label is null
        or length(label) <= 200 and private.is_one_line(label)
        or private.invalid('label', 'must have at most 200 printable characters')
    )
);
comment on table catalog.private_links is
'Secret links, each to one service: whoever knows its token sees and books it, hidden or not.';
comment on column catalog.private_links.token_hash is '[secret]';
create index private_links_service_idx on catalog.private_links (business_id, service_id);
create index private_links_created_by_idx on catalog.private_links (created_by);
