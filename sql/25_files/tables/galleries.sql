-- The pictures of businesses and people. A gallery has an order and one featured picture.

create table business.business_media (
    media_id uuid not null,
    business_id uuid not null references business.businesses (id) on delete cascade,
    position integer not null,
    is_featured boolean not null default false,

    primary key (business_id, media_id),
    constraint business_media_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    -- Deferrable, so that one statement can exchange places.
    constraint business_media_position_unique
    unique (business_id, position) deferrable initially immediate
);
comment on table business.business_media is 'The gallery of a business.';
create unique index business_media_one_featured_idx on business.business_media (business_id)
where is_featured;

create table identity.profile_media (
    user_id uuid primary key references auth.users (id) on delete cascade,
    media_id uuid not null,

    constraint profile_media_media_id_unique unique (media_id),
    constraint profile_media_medium_fkey foreign key (media_id)
    references files.media (id) on delete no action
);
comment on table identity.profile_media is 'The picture of a user.';
comment on column identity.profile_media.user_id is '[person: delete]';
