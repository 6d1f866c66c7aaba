-- The pictures of services and of resources: what a treatment looks like, who gives it.

create table catalog.service_media (
    media_id uuid primary key,
    business_id uuid not null references business.businesses (id) on delete cascade,
    service_id uuid not null,
    position integer not null,
    is_featured boolean not null default false,

    constraint service_media_business_id_media_id_unique unique (business_id, media_id),
    constraint service_media_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    constraint service_media_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint service_media_position_unique
    unique (service_id, position) deferrable initially immediate
);
comment on table catalog.service_media is 'The gallery of a service.';
create index service_media_service_idx on catalog.service_media (business_id, service_id);
create unique index service_media_one_featured_idx on catalog.service_media (service_id)
where is_featured;

create table catalog.resource_media (
    media_id uuid primary key,
    business_id uuid not null references business.businesses (id) on delete cascade,
    resource_id uuid not null,
    position integer not null,
    is_featured boolean not null default false,

    constraint resource_media_business_id_media_id_unique unique (business_id, media_id),
    constraint resource_media_medium_fkey foreign key (business_id, media_id)
    references files.media (business_id, id) on delete no action,
    constraint resource_media_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint resource_media_position_unique
    unique (resource_id, position) deferrable initially immediate
);
comment on table catalog.resource_media is 'The pictures of a resource, such as a person of staff.';
create index resource_media_resource_idx on catalog.resource_media (business_id, resource_id);
create unique index resource_media_one_featured_idx on catalog.resource_media (resource_id)
where is_featured;
