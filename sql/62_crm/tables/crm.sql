-- What a business and its customers keep of each other beside what was sold: notes, tags, who is
-- blocked, who turned out to be the same person, what was written to each other, and favorites.
-- Customers themselves stand in 22_customers.

create schema crm;
comment on schema crm is 'What businesses and their customers keep of each other.';

create type crm.note_kind as enum ('allergy', 'preference', 'restriction', 'general');

-- Notes of a kind in a business, which a role may read or write.
create type crm.note_scope as (
    business_id uuid,
    kind crm.note_kind
);

create table crm.customer_notes (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    customer_id uuid not null,
    kind crm.note_kind not null default 'general',
    body text not null,
    author_id uuid default auth.uid() references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint customer_notes_business_id_id_unique unique (business_id, id),
    constraint customer_notes_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint customer_notes_body_is_short check (
        length(btrim(body)) between 1 and 5000 and not private.has_control_characters(body)
        or private.invalid('body', 'must have 1 to 5000 printable characters')
    )
);
comment on table crm.customer_notes is
'What a business writes down about a customer. Customers never see it.';
comment on column crm.customer_notes.customer_id is '[person: delete]';
comment on column crm.customer_notes.body is '[personal]';
create index customer_notes_customer_idx on crm.customer_notes (business_id, customer_id, kind);
create index customer_notes_author_id_idx on crm.customer_notes (author_id);

-- Which permission reads and writes notes of a kind: serve (owner, manager, staff), manage (owner,
-- manager) or own (owner). Without a row both are serve.
create table crm.note_permissions (
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind crm.note_kind not null,
    read_permission text not null default 'serve',
    write_permission text not null default 'serve',

    primary key (business_id, kind),
    constraint note_permissions_read_permission_exists check (
        read_permission in ('serve', 'manage', 'own')
        or private.invalid('read_permission', 'must be serve, manage or own')
    ),
    constraint note_permissions_write_permission_exists check (
        write_permission in ('serve', 'manage', 'own')
        or private.invalid('write_permission', 'must be serve, manage or own')
    )
);
comment on table crm.note_permissions is 'Who reads and writes notes of which kind in a business.';

create table crm.customer_tags (
    business_id uuid not null,
    customer_id uuid not null,
    tag text not null,
    created_at timestamptz not null default now(),

    primary key (business_id, customer_id, tag),
    constraint customer_tags_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint customer_tags_tag_is_short check (
        length(btrim(tag)) between 1 and 50 and private.is_one_line(tag)
        or private.invalid('tag', 'must have 1 to 50 printable characters')
    )
);
comment on table crm.customer_tags is 'Words by which a business finds its customers.';
comment on column crm.customer_tags.customer_id is '[person: delete]';
comment on column crm.customer_tags.tag is '[personal]';
create index customer_tags_tag_idx on crm.customer_tags (business_id, tag);

-- Everything by which a customer is known: their own row and those merged into it.
create type crm.identity as (
    business_id uuid,
    customer_ids uuid array,
    user_ids uuid array,
    -- In lower case.
    emails text array,
    phones text array
);

-- Something that happened with a customer.
create type public.customer_event as (
    at timestamptz,
    kind text,
    id uuid,
    status text,
    body text,
    amount_minor bigint,
    currency text
);
comment on type public.customer_event is
'Something that happened with a customer, as customer_timeline lists it. kind is booking, order, '
'payment, membership, credit, review, note or message; id is its row in the view of that kind '
'(of a payment the row of payments). May be null: status, body, amount_minor, currency.';

-- The row of public.customer_figures.
create type public.customer_figures as (
    customer_id uuid,
    business_id uuid,
    booking_count bigint,
    completed_count bigint,
    cancelled_count bigint,
    no_show_count bigint,
    last_visit_at timestamptz,
    next_visit_at timestamptz,
    order_count bigint,
    currency text,
    spent_minor bigint
);
comment on type public.customer_figures is
'How often a customer came, and what they spent in the currency of the business: paid less '
'refunded, in minor units. May be null: last_visit_at, next_visit_at.';
