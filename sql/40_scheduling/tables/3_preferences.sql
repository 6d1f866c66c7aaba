-- Whom customers prefer.

create table scheduling.preferred_resources (
    customer_id uuid not null references auth.users (id) on delete cascade,
    business_id uuid not null,
    resource_id uuid not null,
    updated_at timestamptz not null default now(),

    primary key (customer_id, business_id),
    constraint preferred_resources_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade
);
comment on table scheduling.preferred_resources is
'Whom a customer wants in a business: one resource each, asked first by services that say so.';
create index preferred_resources_resource_idx
on scheduling.preferred_resources (business_id, resource_id);
