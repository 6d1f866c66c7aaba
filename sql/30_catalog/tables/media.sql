-- The pictures of services and of resources: what a treatment looks like, who gives it.

create table catalog.service_media (
    media_id uuid not null,
    business_id uuid not null references business.businesses (id) on delete cascade,
    service_id uuid not null,
    position integer not null,
    is_featured boolean not null default false,

    primary key (business_id, media_id),
    constraint service_media_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    constraint service_media_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint service_media_position_unique
    unique (business_id, service_id, position) deferrable initially immediate
);
comment on table catalog.service_media is 'The gallery of a service.';
create unique index service_media_one_featured_idx
on catalog.service_media (business_id, service_id)
where is_featured;

create table catalog.resource_media (
    media_id uuid not null,
    business_id uuid not null references business.businesses (id) on delete cascade,
    resource_id uuid not null,
    position integer not null,
    is_featured boolean not null default false,

    primary key (business_id, media_id),
    constraint resource_media_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    constraint resource_media_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint resource_media_position_unique
    unique (business_id, resource_id, position) deferrable initially immediate
);
comment on table catalog.resource_media is 'The pictures of a resource, such as a person of staff.';
create unique index resource_media_one_featured_idx
on catalog.resource_media (business_id, resource_id)
where is_featured;
