-- Bookings as calendars to which phones and mail programs subscribe. The token of a feed is enough
-- to read it. So it is stored as a hash, can be replaced, and stops when the maker of the feed
-- loses the permission to see its bookings.

create table scheduling.calendar_feeds (
    id uuid primary key default gen_random_uuid(),
    -- The user who made it; the feed has this user's rights.
    user_id uuid not null references auth.users (id) on delete cascade,
    -- Null: the feed shows the bookings that the user made as a customer.
    business_id uuid references business.businesses (id) on delete cascade,
    -- Null: the feed shows the whole business.
    resource_id uuid,
    -- Only the hash is kept: the token is shown once, to whoever makes or rotates the feed.
    token_hash bytea not null,
    created_at timestamptz not null default now(),
    rotated_at timestamptz,

    constraint calendar_feeds_business_id_id_unique unique (business_id, id),
    constraint calendar_feeds_token_hash_unique unique (token_hash),
    constraint calendar_feeds_one_each unique nulls not distinct (
        user_id, business_id, resource_id
    ),
    constraint calendar_feeds_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint calendar_feeds_resources_have_a_business check (
        resource_id is null or business_id is not null
    )
);
comment on table scheduling.calendar_feeds is
'Bookings of a customer, a resource or a business as a calendar, readable by its secret address.';
comment on column scheduling.calendar_feeds.user_id is '[person: delete]';
comment on column scheduling.calendar_feeds.token_hash is '[secret]';
create index calendar_feeds_resource_idx on scheduling.calendar_feeds (business_id, resource_id);
