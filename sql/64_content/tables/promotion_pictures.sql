-- The pictures that people upload for banners. A banner shows the newest picture that a worker
-- found fit; until then it shows what it showed before.

create table content.banner_media (
    media_id uuid primary key,
    banner_id uuid not null references content.banners (id) on delete cascade,

    -- The picture of a platform's banner belongs to an admin, and goes with their account.
    constraint banner_media_medium_fkey foreign key (media_id)
    references files.media (id) on delete cascade
);
comment on table content.banner_media is
'The pictures of banners: the one that is shown, and the one that a worker still looks into.';
create index banner_media_banner_id_idx on content.banner_media (banner_id);
